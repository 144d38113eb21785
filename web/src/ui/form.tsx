/** Forms: what the server refuses stands at the field it names, and what was typed is kept. */

import { Button, Group } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { Problem } from '../api/client';
import { f } from '../texts/infra';
import { t } from '../texts/pages';
import { Failure } from './parts';

/** The field that a refusal names, and the rest of it; undefined when it names none. */
export function namedField(error: unknown): { field: string; message: string } | undefined {
  if (!(error instanceof Problem)) return undefined;
  const match = /^([A-Za-z][\w.[\]-]*): ([\s\S]+)$/.exec(error.message);
  return match ? { field: match[1] ?? '', message: match[2] ?? '' } : undefined;
}

/** Sending a form that has these fields. */
export interface Submit {
  busy: boolean;
  /** Runs `act` for a submitted form. */
  send: (act: () => Promise<unknown>) => (event: FormEvent) => void;
  /** What was refused at a field. */
  at: (field: string) => string | undefined;
  /** A failure that names none of the fields. */
  rest: unknown;
}

/** State of sending a form. */
export function useSubmit(...fields: string[]): Submit {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const named = namedField(error);
  const within = (field: string) =>
    named !== undefined &&
    (named.field === field || named.field.startsWith(`${field}[`) || named.field.startsWith(`${field}.`));
  const send = (act: () => Promise<unknown>) => async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    send: (act) => (event) => void send(act)(event),
    at: (field) => (within(field) ? named?.message : undefined),
    rest: error !== undefined && !fields.some(within) ? error : undefined,
  };
}

/** The end of a form: what went wrong, and the buttons. */
export function FormFoot(props: { form: Submit; label: string; close?: () => void; disabled?: boolean }) {
  return (
    <>
      {props.form.rest !== undefined && <Failure error={props.form.rest} />}
      <Group justify="flex-end">
        {props.close && (
          <Button variant="default" onClick={props.close}>
            {t.cancel}
          </Button>
        )}
        <Button type="submit" loading={props.form.busy} disabled={props.disabled}>
          {props.label}
        </Button>
      </Group>
    </>
  );
}

/** What is typed over something that others may change at the same time. */
export interface Draft<T> {
  value: T;
  set: (change: Partial<T>) => void;
  /** Whether somebody else changed it while something is typed here. */
  moved: boolean;
  takeTheirs: () => void;
  keepMine: () => void;
}

/** A draft of `current`, which may change under it. Untouched, it follows. */
export function useDraft<T extends object>(current: T): Draft<T> {
  const [base, setBase] = useState(current);
  const [value, setValue] = useState(current);
  const text = JSON.stringify(current);
  const differs = JSON.stringify(base) !== text;
  const touched = JSON.stringify(value) !== JSON.stringify(base);
  const takeTheirs = () => {
    setBase(current);
    setValue(current);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the object, which is new at each look.
  useEffect(() => {
    if (differs && !touched) takeTheirs();
  }, [differs, touched, text]);
  return {
    value,
    set: (change) => setValue((old) => ({ ...old, ...change })),
    moved: differs && touched,
    takeTheirs,
    keepMine: () => setBase(current),
  };
}

/** Says that somebody else changed or removed what is being edited. */
export function Meanwhile<T extends object>({ draft, gone }: { draft: Draft<T>; gone?: boolean }) {
  if (gone) {
    return (
      <div className="notice tone-bad" role="alert">
        <strong>{f.goneMeanwhile}</strong>
        {f.goneMeanwhileHint}
      </div>
    );
  }
  if (!draft.moved) return null;
  return (
    <div className="notice tone-warn" role="alert">
      <strong>{f.changedMeanwhile}</strong>
      {f.changedMeanwhileHint}
      <Group mt="xs">
        <Button variant="default" onClick={draft.takeTheirs}>
          {f.takeTheirs}
        </Button>
        <Button variant="default" onClick={draft.keepMine}>
          {f.keepMine}
        </Button>
      </Group>
    </div>
  );
}
