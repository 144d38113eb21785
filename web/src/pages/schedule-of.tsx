/** When a task or plan starts by itself: its schedule with the next dates. */

import { Button, Group, Select, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core, Problem } from '../api/client';
import { scheduleEvents, schedules } from '../api/queries';
import { useMay, useRight, useScope } from '../app/context';
import { t } from '../texts/pages';
import { ago, fullTime, instant } from '../texts/time';
import { w } from '../texts/work';
import { ConfirmButton, Failure, Waiting } from '../ui/parts';

const NEXT = 5;

/** Lets a schedule start a task or plan. */
export async function attach(target: { id: string; plan: boolean }, scheduleId: string): Promise<void> {
  const request = { scheduleId };
  await body(
    target.plan
      ? core.PUT('/orchestration/executables/plans/{planId}/schedule', {
          params: { path: { planId: target.id } },
          body: request,
        })
      : core.PUT('/orchestration/executables/tasks/{taskId}/schedule', {
          params: { path: { taskId: target.id } },
          body: request,
        }),
  );
}

/** Ends that. */
export async function detach(target: { id: string; plan: boolean }): Promise<void> {
  await body(
    target.plan
      ? core.DELETE('/orchestration/executables/plans/{planId}/schedule', { params: { path: { planId: target.id } } })
      : core.DELETE('/orchestration/executables/tasks/{taskId}/schedule', { params: { path: { taskId: target.id } } }),
  );
}

/** The next dates of a schedule. */
export function NextDates({ id, now }: { id: string; now: number }) {
  const events = useQuery(scheduleEvents(id, NEXT));
  if (events.error) return <Failure error={events.error} />;
  if (!events.data) return <Waiting />;
  const dates = events.data.map((one) => instant(one.datetime)).filter((at) => at !== undefined);
  if (dates.length === 0) return <Text className="muted">{t.schedules.never}</Text>;
  return (
    <ul className="rows">
      {dates.map((at) => (
        <li key={at}>
          <span className="grow">{fullTime(at)}</span>
          <span className="muted">{ago(at, now)}</span>
        </li>
      ))}
    </ul>
  );
}

/** The schedule of a task or plan, or the choice of one. */
export function ScheduleOf(props: { id: string; workspaceId: string | undefined; plan: boolean; now: number }) {
  const { id, plan, now } = props;
  const { environment } = useScope();
  const queries = useQueryClient();
  const may = [useMay('TMC_OPERATOR'), useRight(props.workspaceId, 'EXECUTE')].every(Boolean);
  const all = useQuery(schedules(environment?.id));
  const [chosen, setChosen] = useState<string | null>(null);
  const [error, setError] = useState<unknown>();
  if (all.error) {
    if (all.error instanceof Problem && all.error.status === 403)
      return <Text className="muted">{w.schedule.noRight}</Text>;
    return <Failure error={all.error} retry={() => all.refetch()} />;
  }
  if (!all.data) return <Waiting />;
  const target = { id, plan };
  const done = () => queries.invalidateQueries({ queryKey: ['objects'] });
  const mine = all.data.find((one) => one.executableId === id);
  if (mine) {
    return (
      <>
        <Link to="/schedules/$id" params={{ id: mine.id }}>
          {mine.description || w.schedule.unnamed}
        </Link>
        <NextDates id={mine.id} now={now} />
        {may && (
          <ConfirmButton
            label={w.schedule.detach}
            question={w.schedule.detachAsk(mine.description || w.schedule.unnamed)}
            hint={w.schedule.detachHint}
            act={async () => {
              await detach(target);
              await done();
            }}
          />
        )}
      </>
    );
  }
  const free = all.data.filter((one) => !one.executableId);
  const save = async () => {
    if (!chosen) return;
    setError(undefined);
    try {
      await attach(target, chosen);
      await done();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <>
      <Text className="muted">{w.schedule.unbound}</Text>
      {may && free.length > 0 && (
        <Group align="flex-end" gap="xs" mt="xs">
          <Select
            label={w.schedule.trigger}
            data={free.map((one) => ({ value: one.id, label: one.description || w.schedule.unnamed }))}
            value={chosen}
            onChange={setChosen}
            searchable
            limit={100}
          />
          <Button variant="default" onClick={save} disabled={!chosen}>
            {w.schedule.attach}
          </Button>
        </Group>
      )}
      {error !== undefined && <Failure error={error} />}
      {may && (
        <Text size="sm" mt="xs">
          <Link to="/schedules/new" search={{ for: id }}>
            {w.schedule.new}
          </Link>
        </Text>
      )}
    </>
  );
}
