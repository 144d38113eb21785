/** Parts of forms: acting, errors at their field, drafts that survive what others do meanwhile, secrets shown once. */

import { Button, CopyButton as Copier, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { type Dispatch, type FormEvent, type ReactNode, type SetStateAction, useCallback, useState } from 'react';
import { Problem } from '../api/client';
import { fieldOf, isField } from '../lib/field-of';
import { a } from '../texts/admin';
import { t } from '../texts/pages';
import { Dialog, Failure, Notice } from './parts';

/** One action of a form: whether it runs, and what the server refused at which of these fields. */
export function useAct(...fields: string[]) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const act = useCallback(async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const named = error instanceof Problem ? fieldOf(error.message) : undefined;
  const hit = named && fields.find((field) => isField(named, field));
  return {
    busy,
    act,
    /** The same for a form that is sent; sending it twice at once does nothing. */
    send: (work: () => Promise<unknown>) => (event: FormEvent) => {
      event.preventDefault();
      if (!busy) void act(work);
    },
    clear: useCallback(() => setError(undefined), []),
    /** What was refused last, for forms that read it themselves. */
    error,
    /** The refusal that belongs to a field. */
    at: (field: string) => (hit === field ? named?.text : undefined),
    /** A refusal that belongs to none of the fields, to be shown above the buttons. */
    rest: error !== undefined && !hit ? <Failure error={error} /> : null,
  };
}

/** What {@link useAct} gives. */
export type Act = ReturnType<typeof useAct>;

/** The end of a form: what was refused of the whole, and the buttons. */
export function FormFoot(props: { act: Act; label: string; close?: () => void; disabled?: boolean }) {
  return (
    <>
      {props.act.rest}
      <Group justify="flex-end">
        {props.close && (
          <Button variant="default" onClick={props.close}>
            {t.cancel}
          </Button>
        )}
        <Button type="submit" loading={props.act.busy} disabled={props.disabled}>
          {props.label}
        </Button>
      </Group>
    </>
  );
}

/** A form in a dialog with its buttons. */
export function FormDialog(props: {
  open: boolean;
  close: () => void;
  title: string;
  hint?: string;
  act: Act;
  submit: () => Promise<unknown>;
  label: string;
  disabled?: boolean;
  children: ReactNode;
}) {
  const close = () => {
    props.act.clear();
    props.close();
  };
  return (
    <Dialog open={props.open} close={close} title={props.title}>
      <form onSubmit={props.act.send(props.submit)} noValidate>
        <Stack>
          {props.hint && <Text className="muted">{props.hint}</Text>}
          {props.children}
          <FormFoot act={props.act} label={props.label} close={close} disabled={props.disabled} />
        </Stack>
      </form>
    </Dialog>
  );
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** What is typed over something that others may change at the same time. */
export interface Edit<T> {
  draft: T;
  /** Whether something is typed that is not stored. */
  dirty: boolean;
  /** Whether somebody else has changed the stored value since. */
  stale: boolean;
  set: Dispatch<SetStateAction<T>>;
  /** Changes some of its fields. */
  patch: (part: Partial<NonNullable<T>>) => void;
  /** Throws away what was typed. */
  reset: () => void;
  /** Goes on with what was typed, over what somebody else has stored. */
  keep: () => void;
}

/**
 * What is typed, begun from what is stored. It follows the stored value until something is typed; from then on it stays,
 * and `stale` tells that somebody else has changed the stored value since.
 */
export function useDraft<T>(stored: T): Edit<T> {
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState(stored);
  const dirty = base !== undefined && !same(draft, base);
  if (stored !== undefined && !same(stored, base) && (!dirty || same(stored, draft))) {
    setBase(stored);
    setDraft(stored);
  }
  return {
    draft,
    dirty,
    stale: dirty && stored !== undefined && !same(stored, base),
    set: setDraft,
    patch: (part) => setDraft((old) => ({ ...old, ...part })),
    reset: () => {
      setBase(stored);
      setDraft(stored);
    },
    keep: () => setBase(stored),
  };
}

/** What is typed of something new. */
export function useFields<T>(begin: T): Pick<Edit<T>, 'draft' | 'patch'> {
  const [draft, setDraft] = useState(begin);
  return { draft, patch: (part) => setDraft((old) => ({ ...old, ...part })) };
}

/** The fields with which the form of nearly every object begins. */
export function NameFields(props: {
  edit: {
    draft: { name: string; description: string };
    patch: (part: { name?: string; description?: string }) => void;
  };
  act: Act;
}) {
  const { edit, act } = props;
  return (
    <>
      <TextInput
        label={t.name}
        value={edit.draft.name}
        onChange={(event) => edit.patch({ name: event.currentTarget.value })}
        error={act.at('name')}
        required
        data-autofocus
      />
      <TextInput
        label={t.description}
        value={edit.draft.description}
        onChange={(event) => edit.patch({ description: event.currentTarget.value })}
        error={act.at('description')}
      />
    </>
  );
}

/** Tells that an object was changed or removed by somebody else while something was typed. */
export function Meanwhile(props: { edit?: Pick<Edit<unknown>, 'stale' | 'reset' | 'keep'>; gone?: boolean }) {
  if (props.gone) {
    return (
      <Notice tone="bad" title={a.meanwhile.gone} urgent>
        {a.meanwhile.goneHint}
      </Notice>
    );
  }
  if (!props.edit?.stale) return null;
  return (
    <Notice tone="warn" title={a.meanwhile.changed} urgent>
      {a.meanwhile.changedHint}
      <Group mt="xs">
        <Button variant="default" onClick={props.edit.reset}>
          {a.meanwhile.takeTheirs}
        </Button>
        <Button variant="default" onClick={props.edit.keep}>
          {a.meanwhile.keepMine}
        </Button>
      </Group>
    </Notice>
  );
}

/** Whether a read says that its object is not there any more. */
export function isGone(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

/** A secret in the only moment it can be seen. */
export function SecretDialog(props: {
  open: boolean;
  close: () => void;
  title: string;
  hint: string;
  rows: { label: string; value: string }[];
}) {
  return (
    <Dialog open={props.open} close={props.close} title={props.title}>
      <Stack>
        <Notice tone="warn" title={a.secret.once}>
          {props.hint}
        </Notice>
        {props.rows.map((row) => (
          <div key={row.label}>
            <Text size="sm" fw={560} mb={4}>
              {row.label}
            </Text>
            <div className="code">
              <pre className="mono">{row.value}</pre>
            </div>
            <Copier value={row.value}>
              {({ copied, copy }) => (
                <Button
                  mt={6}
                  variant="default"
                  onClick={copy}
                  leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                >
                  {copied ? t.copied : t.copy(row.label.toLowerCase())}
                </Button>
              )}
            </Copier>
          </div>
        ))}
        <Group justify="flex-end">
          <Button onClick={props.close}>{a.secret.kept}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

/** What somebody sees who may not see the page: why, and whom to ask. */
export function Denied({ what, permission }: { what: string; permission: string }) {
  return (
    <Notice tone="idle" title={a.denied.title(what)}>
      {a.denied.hint(permission)}
    </Notice>
  );
}

/** A button for something that cannot be undone; the question names the object, the act is named on the button. */
export function DangerButton(props: {
  label: string;
  question: string;
  hint: ReactNode;
  act: () => Promise<unknown>;
  icon?: ReactNode;
  subtle?: boolean;
  /** Shown instead of the label where there is little room. */
  sign?: ReactNode;
  /** What the button is called where its label alone does not say which object it means. */
  named?: string;
}) {
  const [open, setOpen] = useState(false);
  const acting = useAct();
  const close = () => {
    acting.clear();
    setOpen(false);
  };
  return (
    <>
      <Button
        variant={props.subtle ? 'subtle' : 'default'}
        color={props.subtle ? 'gray' : undefined}
        className={props.subtle ? 'above' : undefined}
        size={props.subtle ? 'compact-xs' : undefined}
        leftSection={props.icon}
        aria-label={props.named}
        title={props.sign ? props.label : undefined}
        onClick={() => setOpen(true)}
      >
        {props.sign ?? props.label}
      </Button>
      <Dialog open={open} close={close} title={props.question}>
        <Text mb="md" component="div">
          {props.hint}
        </Text>
        {acting.rest}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close} data-autofocus>
            {t.cancel}
          </Button>
          <Button
            className="danger"
            loading={acting.busy}
            onClick={async () => {
              if (await acting.act(props.act)) setOpen(false);
            }}
          >
            {props.label}
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
