/** What will start by itself, soonest first. */

import { Group, Select, Text } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { Due } from '../api/work';
import { useScope } from '../app/context';
import type { RunSearch } from '../lib/run-search';
import { minuteOf, useDue } from '../lib/use-due';
import { ago, fullTime, instant, ownZone } from '../texts/time';
import { w } from '../texts/work';
import { ExecutableLink } from '../ui/executable';
import { type Column, List } from '../ui/list';
import { Empty, Failure, isLost, useNow, Waiting } from '../ui/parts';

const PERIODS = [1, 7, 30, 60];
const DAY = 86_400_000;
/** From here on the server counts no further. */
const COUNTED = 10_000;

/** The list. */
export function Coming() {
  const search = useSearch({ from: '/runs' }) as RunSearch;
  const navigate = useNavigate({ from: '/runs' });
  const now = useNow(5_000);
  const { query: scope } = useScope();
  const days = PERIODS.find((one) => String(one) === search.days) ?? 7;
  const from = minuteOf(now);
  const list = useDue(scope, from, from + days * DAY);
  const columns: Column<Due>[] = [
    {
      key: 'what',
      title: w.coming.what,
      width: 'minmax(8rem, 2fr)',
      cell: (due) => (
        <>
          <ExecutableLink id={due.id ?? ''} plan={due.type === 'PLAN'} row />
          {due.type === 'PLAN' && <span className="muted"> ({w.coming.plan})</span>}
        </>
      ),
    },
    {
      key: 'when',
      title: w.coming.when,
      width: 'minmax(10rem, 1fr)',
      narrow: '9.5rem',
      cell: (due) => <time dateTime={due.date}>{fullTime(instant(due.date) ?? 0)}</time>,
    },
    {
      key: 'in',
      title: w.coming.in,
      width: '7rem',
      wide: true,
      cell: (due) => ago(instant(due.date) ?? 0, now),
    },
    { key: 'by', title: w.coming.by, width: 'minmax(6rem, 1fr)', wide: true, cell: (due) => due.sourceTriggerName },
  ];
  return (
    <>
      <Group gap="sm" className="filters">
        <Select
          aria-label={w.coming.period}
          data={PERIODS.map((one) => ({ value: String(one), label: w.coming.days(one) }))}
          value={String(days)}
          onChange={(value) => navigate({ search: { view: 'coming', days: value ?? undefined }, replace: true })}
        />
        <Text size="sm" className="muted" role="status">
          {list.total !== undefined && w.coming.total(list.total)}{' '}
          {list.total !== undefined && list.total >= COUNTED ? w.coming.cut : w.coming.zone(ownZone)}
        </Text>
      </Group>
      {isLost(list) ? (
        <Failure error={list.error} retry={list.retry} />
      ) : list.total === undefined ? (
        <Waiting />
      ) : (
        <List
          label={w.runs.views.coming}
          columns={columns}
          count={list.total}
          row={list.row}
          rowKey={(due) => `${due.id} ${due.date} ${due.sourceTriggerName}`}
          onRange={list.onRange}
          empty={
            <Empty title={w.coming.none} action={<Link to="/schedules">{w.coming.toSchedules}</Link>}>
              {w.coming.noneHint}
            </Empty>
          }
        />
      )}
    </>
  );
}
