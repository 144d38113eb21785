/** Making a schedule with its first trigger. */

import { Button, Group, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { body, core } from '../api/client';
import { useScheduleRight, useScope } from '../app/context';
import { fieldError, refusalOf } from '../lib/field-errors';
import { freshTrigger, type TriggerDraft, triggerOf } from '../lib/trigger-form';
import { dayOf } from '../texts/days';
import { t } from '../texts/pages';
import { ownZone } from '../texts/time';
import { w } from '../texts/work';
import { useExecutableName } from '../ui/executable';
import { Failure, Head, Notice, Panel } from '../ui/parts';
import { attach } from './schedule-of';
import { isTriggerField, TriggerFields } from './trigger-form';

/** The form; `for` in the address names the task or plan that it will start. */
export function NewSchedule() {
  const search = useSearch({ from: '/schedules/new' });
  const scope = useScope();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = useScheduleRight(search.for);
  const target = search.for;
  const name = useExecutableName(target, target?.includes('-') ?? false);
  const [description, setDescription] = useState('');
  const [draft, setDraft] = useState(() => freshTrigger('first', dayOf(Date.now()), ownZone));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<string>();
  const edit = (changed: TriggerDraft) => {
    setDraft(changed);
    setError(undefined);
  };
  const refusal = refusalOf(error, (field) => field === 'description' || isTriggerField(field));
  const make = async () => {
    const request = {
      environmentId: scope.environment?.id ?? '',
      description: description.trim(),
      trigger: triggerOf(draft),
    };
    return String((await body(core.POST('/orchestration/schedules', { body: request }))).id);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const id = made ?? (await make());
      setMade(id);
      // Ids of plans are UUIDs, those of tasks are not.
      if (target) await attach({ id: target, plan: target.includes('-') }, id);
      await queries.invalidateQueries({ queryKey: ['objects'] });
      await navigate({ to: '/schedules/$id', params: { id } });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  if (!may) return <Notice tone="idle" title={w.schedule.noRight} />;
  return (
    <form className="page" onSubmit={submit} noValidate>
      <Head title={w.schedule.title} />
      {target && (
        <Notice tone="idle" title={`${w.schedule.attachedTo} ${name ?? target}`}>
          {w.schedule.attachHint}
        </Notice>
      )}
      <section className="panel">
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={fieldError(refusal, 'description')}
        />
      </section>
      <Panel title={w.schedule.first}>
        <TriggerFields draft={draft} change={edit} refusal={refusal} named />
      </Panel>
      {refusal.rest !== undefined && <Failure error={refusal.rest} />}
      {made && error !== undefined && (
        <p>
          {w.schedule.halfDone}{' '}
          <Link to="/schedules/$id" params={{ id: made }}>
            {w.schedule.open}
          </Link>
        </p>
      )}
      <Group>
        <Button type="submit" loading={busy} disabled={!scope.environment}>
          {w.schedule.create}
        </Button>
      </Group>
    </form>
  );
}
