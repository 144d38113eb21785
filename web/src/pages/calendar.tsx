/** What will start in a month, day by day. */

import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { body, core } from '../api/client';
import { PAGE, type ScopeQuery } from '../api/queries';
import type { Due } from '../api/work';
import { useScope } from '../app/context';
import { minuteOf } from '../lib/use-due';
import { dayEnd, dayOf, dayStart, monthAfter, monthPage, monthTitle } from '../texts/days';
import { instant, ownZone } from '../texts/time';
import { w } from '../texts/work';
import { ExecutableLink } from '../ui/executable';
import { Failure, isLost, useNow, Waiting } from '../ui/parts';

/** Most starts of a month that are fetched. */
const MOST = 3_000;
/** Entries of a day that are shown. */
const SHOWN = 4;

async function allDue(scope: ScopeQuery, from: number, to: number): Promise<{ items: Due[]; total: number }> {
  const items: Due[] = [];
  for (;;) {
    const page = await body(
      core.POST('/orchestration/executables/events/search', {
        body: {
          environmentId: scope.environmentId ?? '',
          workspaceIds: scope.workspaceId ? [scope.workspaceId] : undefined,
          from,
          to,
          limit: PAGE,
          offset: items.length,
        },
      }),
    );
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= Math.min(page.total, MOST)) return { items, total: page.total };
  }
}

interface Entry {
  id: string;
  plan: boolean;
  at: number;
  count: number;
}

/** Starts by day; what starts several times a day is one entry with its first time. */
export function byDay(items: Due[]): Map<string, Entry[]> {
  const days = new Map<string, Entry[]>();
  for (const due of items) {
    const at = instant(due.date);
    if (at === undefined) continue;
    const day = dayOf(at);
    const entries = days.get(day) ?? [];
    const known = entries.find((one) => one.id === due.id);
    if (known) known.count += 1;
    else entries.push({ id: due.id ?? '', plan: due.type === 'PLAN', at, count: 1 });
    days.set(day, entries);
  }
  return days;
}

const clock = (at: number) => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(at);

/** The page of a month. */
export function Calendar() {
  const search = useSearch({ from: '/schedules' });
  const navigate = useNavigate({ from: '/schedules' });
  const now = useNow(60_000);
  const { query: scope } = useScope();
  const today = dayOf(now);
  const month = /^\d{4}-\d{2}$/.test(search.month ?? '') ? (search.month ?? '') : today.slice(0, 7);
  const days = useMemo(() => monthPage(month), [month]);
  const from = Math.max(minuteOf(now), dayStart(days[0] ?? today));
  const to = dayEnd(days.at(-1) ?? today) - 1;
  const found = useQuery({
    queryKey: ['objects', 'calendar', scope, month, from],
    queryFn: () => (to < from ? { items: [], total: 0 } : allDue(scope, from, to)),
    enabled: scope.environmentId !== undefined,
    placeholderData: keepPreviousData,
  });
  const entries = useMemo(() => byDay(found.data?.items ?? []), [found.data]);
  const go = (wanted: string | undefined) => navigate({ search: { view: 'calendar', month: wanted }, replace: true });
  return (
    <section className="panel" aria-label={w.schedule.calendar}>
      <Group gap="xs" mb="sm">
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={w.calendar.before}
          onClick={() => go(monthAfter(month, -1))}
        >
          <IconChevronLeft size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label={w.calendar.after} onClick={() => go(monthAfter(month, 1))}>
          <IconChevronRight size={16} aria-hidden />
        </ActionIcon>
        <h2 style={{ margin: 0, fontSize: '1.125rem' }} aria-live="polite">
          {monthTitle(month)}
        </h2>
        <Button variant="subtle" onClick={() => go(undefined)}>
          {w.calendar.today}
        </Button>
      </Group>
      {isLost(found) ? (
        <Failure error={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Waiting />
      ) : (
        <>
          <Text size="sm" className="muted" mb="xs">
            {found.data.total === 0
              ? w.calendar.none
              : found.data.items.length < found.data.total
                ? w.calendar.cut
                : w.coming.zone(ownZone)}{' '}
            {w.calendar.past}
          </Text>
          <ol className="month">
            {w.calendar.weekdays.map((name) => (
              <li key={name} className="weekday" aria-hidden>
                {name}
              </li>
            ))}
            {days.map((day) => {
              const list = entries.get(day) ?? [];
              const outside = !day.startsWith(month);
              return (
                <li
                  key={day}
                  className={`day${outside ? ' outside' : ''}${list.length === 0 ? ' bare' : ''}`}
                  aria-current={day === today ? 'date' : undefined}
                >
                  <time dateTime={day}>{Number(day.slice(8))}</time>
                  {list.slice(0, SHOWN).map((one) => (
                    <span key={one.id} className="due">
                      <span className="muted">{clock(one.at)}</span> <ExecutableLink id={one.id} plan={one.plan} />
                      {one.count > 1 && <span className="muted"> ×{one.count}</span>}
                    </span>
                  ))}
                  {list.length > SHOWN && <span className="muted">{w.calendar.more(list.length - SHOWN)}</span>}
                </li>
              );
            })}
          </ol>
        </>
      )}
    </section>
  );
}
