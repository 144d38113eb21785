/** One schedule: its triggers, its dates, and what it starts. */

import { Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconCopy, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { body, core } from '../api/client';
import type { Schedule } from '../api/queries';
import { type ScheduleTrigger, schedule } from '../api/work';
import { useScheduleRight, useScope } from '../app/context';
import { refusalOf } from '../lib/field-errors';
import { draftOfTrigger, freshTrigger, triggerOf } from '../lib/trigger-form';
import { dayOf } from '../texts/days';
import { t } from '../texts/pages';
import { ownZone } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { w } from '../texts/work';
import { ExecutableLink, useExecutableName } from '../ui/executable';
import { FoundSelect } from '../ui/found';
import { ConfirmButton, Dialog, Failure, Head, Id, isLost, Panel, Waiting } from '../ui/parts';
import { UndoableButton } from '../ui/undo';
import { ScheduleDates } from './schedule-dates';
import { attach, detach } from './schedule-of';
import { isTriggerField, TriggerFields } from './trigger-form';

function TriggerDialog(props: { scheduleId: string; one?: ScheduleTrigger; names: string[]; close: () => void }) {
  const { one } = props;
  const queries = useQueryClient();
  const today = dayOf(Date.now());
  const [draft, setDraft] = useState(() => {
    let number = props.names.length + 1;
    while (props.names.includes(`trigger-${number}`)) number += 1;
    return one ? draftOfTrigger(one, today, ownZone) : freshTrigger(`trigger-${number}`, today, ownZone);
  });
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const refusal = refusalOf(error, isTriggerField);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    const call = { params: { path: { scheduleId: props.scheduleId } }, body: triggerOf(draft) };
    try {
      await body(
        one
          ? core.PUT('/orchestration/schedules/{scheduleId}/triggers', call)
          : core.POST('/orchestration/schedules/{scheduleId}/triggers', call),
      );
      await queries.invalidateQueries({ queryKey: ['objects'] });
      props.close();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TriggerFields draft={draft} change={setDraft} refusal={refusal} named={!one} />
        {refusal.rest !== undefined && <Failure error={refusal.rest} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.close}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {w.schedule.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Triggers({ it, may }: { it: Schedule; may: boolean }) {
  const queries = useQueryClient();
  const [editing, setEditing] = useState<ScheduleTrigger>();
  const [adding, setAdding] = useState(false);
  const triggers = it.triggers ?? [];
  const remove = (name: string) => async () => {
    const params = { path: { scheduleId: it.id }, query: { name } };
    await body(core.DELETE('/orchestration/schedules/{scheduleId}/triggers', { params } as never));
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  const close = () => {
    setEditing(undefined);
    setAdding(false);
  };
  return (
    <Panel title={w.schedule.triggers}>
      <ul className="rows">
        {triggers.map((one) => (
          <li key={one.name} className="wrap">
            <span className="grow">
              {triggerWords(one)}
              <br />
              <span className="muted">
                {one.name} · {one.timeZone}
              </span>
            </span>
            {may && (
              <Group gap="xs">
                <Button
                  variant="default"
                  size="compact-md"
                  aria-label={w.schedule.edit(one.name)}
                  onClick={() => setEditing(one)}
                >
                  <IconPencil size={16} aria-hidden />
                </Button>
                {triggers.length > 1 && (
                  <ConfirmButton
                    label={w.schedule.remove(one.name)}
                    question={w.schedule.removeAsk(one.name)}
                    hint={w.schedule.removeHint}
                    act={remove(one.name)}
                    small={<IconTrash size={16} aria-hidden />}
                    danger
                  />
                )}
              </Group>
            )}
          </li>
        ))}
      </ul>
      {may && (
        <Button
          variant="default"
          mt="sm"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => setAdding(true)}
        >
          {w.schedule.add}
        </Button>
      )}
      <Dialog
        open={adding || editing !== undefined}
        close={close}
        title={editing ? w.schedule.edit(editing.name) : w.schedule.add}
        wide
      >
        <TriggerDialog
          key={editing?.name ?? 'new'}
          scheduleId={it.id}
          one={editing}
          names={triggers.map((one) => one.name)}
          close={close}
        />
      </Dialog>
    </Panel>
  );
}

/** What it starts; the choice of a task or plan as long as it starts nothing. */
function Target({ it, may }: { it: Schedule; may: boolean }) {
  const { query: scope } = useScope();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<string | null>(null);
  const [kind, setKind] = useState<'task' | 'plan'>('task');
  const name = useExecutableName(
    it.executableId ?? chosen ?? undefined,
    it.executableId ? it.executableType === 'PLAN' : kind === 'plan',
  );
  const done = () => queries.invalidateQueries({ queryKey: ['objects'] });
  const plan = it.executableType === 'PLAN';
  if (it.executableId) {
    const target = { id: it.executableId, plan };
    return (
      <>
        <p style={{ margin: '0 0 0.5rem' }}>
          <ExecutableLink id={target.id} plan={plan} />
        </p>
        {may && (
          <UndoableButton
            label={w.schedule.detach}
            done={w.schedule.detachDone(it.description || w.schedule.unnamed, name ?? target.id)}
            act={() => detach(target).then(done)}
            back={() => attach(target, it.id).then(done)}
          />
        )}
      </>
    );
  }
  return (
    <Stack gap="xs" align="flex-start">
      <Text className="muted">{w.schedule.unbound}</Text>
      {may && (
        <>
          <SegmentedControl
            aria-label={w.schedule.starts}
            data={[
              { value: 'task', label: w.palette.task },
              { value: 'plan', label: w.palette.plan },
            ]}
            value={kind}
            onChange={(value) => {
              setKind(value as 'task' | 'plan');
              setChosen(null);
            }}
          />
          <FoundSelect
            key={kind}
            kind={kind}
            scope={{ environmentId: scope.environmentId }}
            label={w.schedule.attachTo}
            placeholder={w.schedule.pickTarget}
            value={chosen}
            change={setChosen}
            full
          />
          {chosen && (
            <ConfirmButton
              label={w.schedule.attach}
              question={w.schedule.attachAsk(it.description || w.schedule.unnamed, name ?? chosen)}
              hint={w.schedule.attachHint}
              act={async () => {
                await attach({ id: chosen, plan: kind === 'plan' }, it.id);
                await done();
              }}
            />
          )}
        </>
      )}
    </Stack>
  );
}

function Actions({ it }: { it: Schedule }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [naming, setNaming] = useState(false);
  const params = { path: { scheduleId: it.id } };
  const name = it.description || w.schedule.unnamed;
  const copy = async () => {
    const made = await body(core.POST('/orchestration/schedules/{scheduleId}', { params }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/schedules/$id', params: { id: String(made.id) } });
  };
  const remove = async () => {
    await body(core.DELETE('/orchestration/schedules/{scheduleId}', { params }));
    await navigate({ to: '/schedules' });
    await queries.invalidateQueries({ queryKey: ['objects', 'schedules'] });
  };
  return (
    <>
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setNaming(true)}>
        {w.schedule.rename}
      </Button>
      <ConfirmButton
        label={w.schedule.duplicate}
        question={w.schedule.duplicateAsk(name)}
        act={copy}
        icon={<IconCopy size={16} aria-hidden />}
      />
      <ConfirmButton
        label={w.schedule.delete}
        question={w.schedule.deleteAsk(name)}
        hint={w.schedule.deleteHint}
        act={remove}
        icon={<IconTrash size={16} aria-hidden />}
        danger
      />
      <Dialog open={naming} close={() => setNaming(false)} title={w.schedule.rename}>
        <Rename it={it} close={() => setNaming(false)} />
      </Dialog>
    </>
  );
}

function Rename({ it, close }: { it: Schedule; close: () => void }) {
  const queries = useQueryClient();
  const [description, setDescription] = useState(it.description ?? '');
  const [error, setError] = useState<unknown>();
  const refusal = refusalOf(error, (field) => field === 'description');
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    try {
      const params = { path: { scheduleId: it.id } };
      await body(core.PATCH('/orchestration/schedules/{scheduleId}', { params, body: { description } }));
      await queries.invalidateQueries({ queryKey: ['objects'] });
      close();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <form onSubmit={save}>
      <Stack>
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={refusal.fields.description}
          data-autofocus
        />
        {refusal.rest !== undefined && <Failure error={refusal.rest} />}
        <Group justify="flex-end">
          <Button type="submit">{t.save}</Button>
        </Group>
      </Stack>
    </form>
  );
}

export function SchedulePage() {
  const { id } = useParams({ from: '/schedules/$id' });
  const found = useQuery(schedule(id));
  const may = useScheduleRight(found.data?.executableId || undefined);
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <Waiting />;
  const it = found.data;
  return (
    <div className="page">
      <Head title={it.description || w.schedule.unnamed}>{may && <Actions it={it} />}</Head>
      <div className="columns">
        <Stack gap="md">
          <Triggers it={it} may={may} />
          <Panel title={w.schedule.starts}>
            <Target it={it} may={may} />
          </Panel>
          <Text size="sm">
            <Id id={id} what={t.id} />
          </Text>
        </Stack>
        <ScheduleDates it={it} />
      </div>
    </div>
  );
}
