/** Schedules in plain words, with their next dates. */

import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { namesOf, plans, type Schedule, scheduleEvents, schedules, tasks } from '../api/queries';
import { useScope } from '../app/context';
import { t } from '../texts/pages';
import { ago, fullTime, instant, ownZone } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { Empty, Failure, Head, useNow, Waiting } from '../ui/parts';

const NEXT = 4;

function Next({ id, now }: { id: string; now: number }) {
  const events = useQuery(scheduleEvents(id, NEXT));
  if (events.error) return <Failure error={events.error} />;
  if (!events.data) return <Waiting />;
  const dates = (events.data as { datetime?: string }[])
    .map((one) => instant(one.datetime))
    .filter((at) => at !== undefined);
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

function Card({ one, names, now }: { one: Schedule; names: Map<string, string>; now: number }) {
  const target = one.executableId;
  return (
    <section className="panel">
      <h2 style={{ fontSize: '1rem' }}>{one.description || t.schedules.unnamed}</h2>
      {(one.triggers ?? []).map((trigger) => (
        <div key={trigger.name}>
          {triggerWords(trigger)}{' '}
          <span className="muted">
            {trigger.timeZone && `${t.schedules.zone} ${trigger.timeZone}`}
            {trigger.timeZone && trigger.timeZone !== ownZone && ` (${t.schedules.ownZone(ownZone)})`}
          </span>
        </div>
      ))}
      <div style={{ margin: '0.35rem 0' }}>
        <span className="muted">{t.schedules.starts} </span>
        {!target ? (
          <span className="muted">{t.schedules.unbound}</span>
        ) : one.executableType === 'PLAN' ? (
          <Link to="/plans/$id" params={{ id: target }}>
            {names.get(target) ?? target}
          </Link>
        ) : (
          <Link to="/tasks/$id" params={{ id: target }}>
            {names.get(target) ?? target}
          </Link>
        )}
      </div>
      <Text size="sm" fw={600}>
        {t.schedules.next}
      </Text>
      <Next id={one.id} now={now} />
    </section>
  );
}

export function Schedules() {
  const now = useNow(10_000);
  const { query: scope } = useScope();
  const list = useQuery(schedules(scope.environmentId));
  const named = useQuery(tasks({ environmentId: scope.environmentId }));
  const planned = useQuery(plans({ environmentId: scope.environmentId }));
  const names = namesOf(named.data);
  for (const plan of planned.data ?? []) names.set(plan.executable, plan.name);
  return (
    <div className="page">
      <Head title={t.schedules.title} />
      {list.error ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : list.data.length === 0 ? (
        <section className="panel">
          <Empty title={t.schedules.none}>{t.schedules.noneHint}</Empty>
        </section>
      ) : (
        <div className="columns cards">
          {list.data.slice(0, 60).map((one) => (
            <Card key={one.id} one={one} names={names} now={now} />
          ))}
        </div>
      )}
    </div>
  );
}
