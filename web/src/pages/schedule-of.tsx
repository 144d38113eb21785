/** When a task or plan starts by itself: its schedule with the next dates. */

import { Button, Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core, Problem } from '../api/client';
import { scheduleOf } from '../api/pages';
import { nextStarts, scheduleEvents, startConfig } from '../api/queries';
import { useMay, useRight, useScope } from '../app/context';
import { useMany } from '../lib/use-many';
import { t } from '../texts/pages';
import { ago, fullTime, instant } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { w } from '../texts/work';
import { FoundSelect } from '../ui/found';
import { Failure, isLost, Waiting } from '../ui/parts';
import { UndoableButton } from '../ui/undo';
import { WebhookOf } from './webhook-of';

const NEXT = 5;
/** Triggers that have dates. */
const TIMED = ['ONCE', 'DAILY', 'WEEKLY', 'MONTHLY', 'CRON'];

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
  return <Dates events={events} all={events.data?.map((one) => one.datetime)} now={now} />;
}

/** What starts it and its next starts, where a trigger of its own does that instead of a schedule. */
function OwnTrigger({ id, plan, now }: { id: string; plan: boolean; now: number }) {
  const config = useQuery(startConfig(id, plan));
  const timed = TIMED.includes(config.data?.trigger?.type ?? '');
  const next = useQuery({ ...nextStarts(id, plan, NEXT), enabled: timed });
  // A task that was never configured has none.
  if (!timed && !config.isPending) return <Text className="muted">{w.schedule.unbound}</Text>;
  if (!timed) return <Waiting />;
  return (
    <>
      <Text>{config.data && triggerWords(config.data.trigger)}</Text>
      <Dates events={next} all={next.data} now={now} />
    </>
  );
}

/** Dates one below the other, or why there are none. */
function Dates(props: { events: { error: unknown }; all: (string | undefined)[] | undefined; now: number }) {
  const { events, all, now } = props;
  if (events.error) return <Failure error={events.error} />;
  if (!all) return <Waiting />;
  const dates = all.map((one) => instant(one)).filter((at) => at !== undefined);
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
export function ScheduleOf(props: {
  id: string;
  name: string;
  workspaceId: string | undefined;
  plan: boolean;
  now: number;
}) {
  const { id, plan, now } = props;
  const { query: scope } = useScope();
  const queries = useQueryClient();
  const may = [useMay('TMC_OPERATOR'), useRight(props.workspaceId, 'EXECUTE')].every(Boolean);
  const found = useQuery(scheduleOf({ id, plan }));
  const free = useMany('schedule', { environmentId: scope.environmentId }, '');
  const [chosen, setChosen] = useState<string | null>(null);
  const [error, setError] = useState<unknown>();
  if (isLost(found)) {
    if (found.error instanceof Problem && found.error.status === 403)
      return <Text className="muted">{w.schedule.noRight}</Text>;
    return <Failure error={found.error} retry={() => found.refetch()} />;
  }
  if (found.data === undefined) return <Waiting />;
  const target = { id, plan };
  const done = () => queries.invalidateQueries({ queryKey: ['objects'] });
  const mine = found.data;
  if (mine) {
    return (
      <>
        <Link to="/schedules/$id" params={{ id: mine.id }}>
          {mine.description || w.schedule.unnamed}
        </Link>
        <NextDates id={mine.id} now={now} />
        {may && (
          <Group mt="xs">
            <UndoableButton
              label={w.schedule.detach}
              done={w.schedule.detachDone(mine.description || w.schedule.unnamed, props.name)}
              act={() => detach(target).then(done)}
              back={() => attach(target, mine.id).then(done)}
            />
          </Group>
        )}
      </>
    );
  }
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
      <OwnTrigger id={id} plan={plan} now={now} />
      <WebhookOf id={id} plan={plan} now={now} may={may} />
      {may && (free.more > 0 || free.choices.some((one) => !one.taken)) && (
        <Group align="flex-end" gap="xs" mt="xs">
          <FoundSelect
            kind="schedule"
            scope={{ environmentId: scope.environmentId }}
            label={w.schedule.trigger}
            value={chosen}
            change={setChosen}
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
