/** The webhook of a task or plan: its URL, how long that may be called and when it last was, and how calls become starts. */

import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconWebhook } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type StartConfig, setWebhookTerm, startConfig, webhook } from '../api/queries';
import { type HookDraft, hookOf, typedHook } from '../lib/webhook-form';
import { t } from '../texts/pages';
import { ago, fullTime, instant } from '../texts/time';
import { w } from '../texts/work';
import { FormDialog, Meanwhile, NameFields, useAct, useDraft } from '../ui/fields';
import { Code, ConfirmButton, Facts, Failure } from '../ui/parts';
import { LoginInput } from '../ui/pickers';

const h = w.webhook;

/** What it belongs to. */
interface Target {
  id: string;
  plan: boolean;
}

/** Says what starts a task or plan; all else of how it runs stays. */
async function store(
  { id, plan }: Target,
  config: StartConfig | undefined,
  trigger: StartConfig['trigger'],
): Promise<void> {
  await body(
    plan
      ? core.PUT('/orchestration/executables/plans/{planId}/run-config', {
          params: { path: { planId: id } },
          body: { parallelExecutionAllowed: config?.parallelExecutionAllowed ?? false, trigger },
        })
      : core.PUT('/orchestration/executables/tasks/{taskId}/run-config', {
          params: { path: { taskId: id } },
          body: { ...(config as Required<StartConfig>), trigger },
        }),
  );
}

function Form(props: { target: Target; config: StartConfig | undefined; close: () => void }) {
  const { target, config, close } = props;
  const queries = useQueryClient();
  const stored = config?.trigger.webhook;
  const edit = useDraft<HookDraft>(typedHook(stored));
  const act = useAct('name', 'description', 'triggerCalls', 'triggerTimeout', 'executionTimeout', 'runAsUser');
  const save = async () => {
    await store(target, config, { type: 'WEBHOOK', webhook: hookOf(edit.draft, stored) });
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  const number = (field: 'calls' | 'seconds' | 'minutes', label: string, hint: string, refused: string) => (
    <TextInput
      label={label}
      description={hint}
      value={edit.draft[field]}
      onChange={(event) => edit.patch({ [field]: event.currentTarget.value })}
      error={act.at(refused)}
      inputMode="numeric"
    />
  );
  return (
    <FormDialog
      open
      close={close}
      title={stored ? h.change : h.give}
      hint={stored ? undefined : h.hint}
      act={act}
      submit={save}
      label={t.save}
    >
      <Stack>
        <Meanwhile edit={edit} />
        <NameFields edit={edit} act={act} />
        {number('calls', h.calls, h.callsHint, 'triggerCalls')}
        {number('seconds', h.seconds, h.secondsHint, 'triggerTimeout')}
        {number('minutes', h.minutes, h.minutesHint, 'executionTimeout')}
        <LoginInput
          label={h.runAs}
          description={h.runAsHint}
          value={edit.draft.runAs}
          change={(runAs) => edit.patch({ runAs })}
          error={act.at('runAsUser')}
        />
      </Stack>
    </FormDialog>
  );
}

const DAY = 24 * 60;
/** Terms to choose from, minutes; empty is without an end. */
const TERMS = ['', DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY].map(String);

/** Chooses how long the URL may be called from now on. */
function Term({ id, plan, minutes }: { id: string; plan: boolean; minutes: number | undefined }) {
  const current = minutes === undefined ? '' : String(minutes);
  const [chosen, setChosen] = useState(current);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const known = TERMS.includes(current) ? TERMS : [...TERMS, current];
  const save = async () => {
    setError(undefined);
    try {
      await setWebhookTerm(id, plan, chosen === '' ? undefined : Number(chosen));
      await client.invalidateQueries({ queryKey: ['objects', 'webhook', id] });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <>
      <Group align="flex-end" gap="xs" mt="xs">
        <Select
          label={h.term}
          data={known.map((term) => ({ value: term, label: h.termOf(term === '' ? 0 : Number(term)) }))}
          value={chosen}
          onChange={(term) => setChosen(term ?? '')}
          allowDeselect={false}
        />
        <Button variant="default" onClick={save}>
          {h.begin}
        </Button>
      </Group>
      {error !== undefined && <Failure error={error} />}
    </>
  );
}

/** How long the URL may be called, in words. */
const lasts = (end: number | undefined, expired: boolean) => {
  if (end === undefined) return h.endless;
  return expired ? h.ended(fullTime(end)) : h.ends(fullTime(end));
};

function Shown(props: { target: Target; config: StartConfig; may: boolean; now: number; edit: () => void }) {
  const { target, config, now } = props;
  const queries = useQueryClient();
  const state = useQuery(webhook(target.id, target.plan));
  const hook = config.trigger.webhook;
  if (!hook) return null;
  const at = instant(state.data?.lastCallAt);
  const late = instant(state.data?.lastLateCallAt);
  const put = async (trigger: StartConfig['trigger']) => {
    await store(target, config, trigger);
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <Stack gap="xs">
      <Facts
        rows={[
          [h.title, hook.name],
          ...(hook.description ? [[t.description, hook.description] as [string, string]] : []),
          [h.starts, h.rule(hook.triggerCalls ?? 1, hook.triggerTimeout)],
          ...(hook.runAsUser ? [[h.runAs, hook.runAsUser] as [string, string]] : []),
          [
            h.lastCall,
            <span key="last" title={at === undefined ? undefined : fullTime(at)}>
              {at === undefined ? h.neverCalled : ago(at, now)}
            </span>,
          ],
          ...(state.data
            ? [[h.callable, lasts(instant(state.data.expiresAt), state.data.expired ?? false)] as [string, string]]
            : []),
          ...(late === undefined ? [] : [[h.late, ago(late, now)] as [string, string]]),
          ...(state.data?.waitingCalls ? [[h.waiting, String(state.data.waitingCalls)] as [string, string]] : []),
        ]}
      />
      {hook.url && (
        <>
          <Code text={hook.url} what={h.url} />
          <Text size="sm" className="muted">
            {h.urlHint}
          </Text>
        </>
      )}
      {props.may && state.data && (
        <Term
          key={String(state.data.lifetimeMinutes)}
          id={target.id}
          plan={target.plan}
          minutes={state.data.lifetimeMinutes}
        />
      )}
      {props.may && (
        <Group gap="xs">
          <Button variant="default" onClick={props.edit}>
            {h.change}
          </Button>
          <ConfirmButton
            label={h.newUrl}
            question={h.newUrlAsk(hook.name)}
            hint={h.newUrlHint}
            act={() => put({ type: 'WEBHOOK', webhook: { ...hook, url: undefined, newUrl: true } })}
          />
          <ConfirmButton
            label={h.remove}
            question={h.removeAsk(hook.name)}
            hint={h.removeHint}
            act={() => put({ type: 'MANUAL' })}
            danger
          />
        </Group>
      )}
    </Stack>
  );
}

/** The webhook, or a button for one; `may` is whether one may say what starts it. */
export function WebhookOf(props: Target & { may: boolean; now: number }) {
  const { id, plan, may, now } = props;
  const config = useQuery(startConfig(id, plan));
  const [open, setOpen] = useState(false);
  const target = { id, plan };
  const has = config.data?.trigger.type === 'WEBHOOK';
  // A task that has no place to run yet cannot be started by anything.
  const ready = plan || Boolean(config.data?.runtime?.id);
  return (
    <>
      {open && <Form target={target} config={config.data} close={() => setOpen(false)} />}
      {has && config.data && (
        <Shown target={target} config={config.data} may={may} now={now} edit={() => setOpen(true)} />
      )}
      {!has && may && ready && (
        <Group mt="xs">
          <Button variant="default" leftSection={<IconWebhook size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {h.give}
          </Button>
        </Group>
      )}
    </>
  );
}
