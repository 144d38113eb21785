/** Tasks by days: where something goes wrong again and again. */

import { Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { taskPage } from '../api/pages';
import { PAGE, type Run, type TaskItem } from '../api/queries';
import { taskDays } from '../api/work';
import { useScope } from '../app/context';
import type { RunSearch } from '../lib/run-search';
import { usePages } from '../lib/use-pages';
import { dayOf, dayTitle, lastDays } from '../texts/days';
import { stateOf, type Tone } from '../texts/status';
import { w } from '../texts/work';
import { type Column, List } from '../ui/list';
import { Empty, Failure, isLost, useNow, Waiting } from '../ui/parts';

const PERIODS = [7, 14, 30];
/** From good to bad. */
const WORSE: Tone[] = ['idle', 'good', 'wait', 'busy', 'warn', 'bad'];

interface Cell {
  count: number;
  worst: string;
}

/** Runs by their local day, each with the worst state. */
export function byDay(runs: Run[]): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const run of runs) {
    const day = dayOf(Date.parse(run.triggerTimestamp ?? run.startTimestamp ?? ''));
    const cell = cells.get(day);
    const rank = (status: string) => WORSE.indexOf(stateOf(status).tone);
    if (!cell) cells.set(day, { count: 1, worst: run.status });
    else {
      cell.count += 1;
      if (rank(run.status) > rank(cell.worst)) cell.worst = run.status;
    }
  }
  return cells;
}

/** The cells of one task; asked for when its row can be seen. */
function Cells({ id, days, environmentId }: { id: string; days: string[]; environmentId?: string }) {
  const found = useQuery(taskDays(id, days.length, environmentId));
  const cells = useMemo(() => byDay(found.data?.items ?? []), [found.data]);
  if (found.error) return <span className="muted">{found.error.message}</span>;
  if (!found.data) return <span className="skeleton" />;
  const full = found.data.total > PAGE;
  const oldest = found.data.items.at(-1)?.triggerTimestamp;
  const counted = full && oldest ? dayOf(Date.parse(oldest)) : '';
  return (
    <span className="heat">
      {days.map((day) => {
        const cell = cells.get(day);
        if (!cell) {
          const cut = full && day < counted;
          return (
            <span
              key={day}
              role="img"
              className={cut ? 'cell cut' : 'cell'}
              aria-label={cut ? w.grid.cut : w.grid.nothing(dayTitle(day))}
              title={cut ? w.grid.cut : w.grid.nothing(dayTitle(day))}
            />
          );
        }
        const state = stateOf(cell.worst);
        const words = w.grid.cell(dayTitle(day), cell.count, state.label);
        return (
          <span key={day} role="img" className={`cell tone-${state.tone}`} aria-label={words} title={words}>
            {cell.count > 99 ? '99+' : cell.count}
          </span>
        );
      })}
    </span>
  );
}

/** The grid. */
export function RunGrid() {
  const search = useSearch({ from: '/runs' }) as RunSearch;
  const navigate = useNavigate({ from: '/runs' });
  const now = useNow(60_000);
  const { query: scope } = useScope();
  const all = usePages<TaskItem>((number) => taskPage(scope, number));
  const count = PERIODS.find((one) => String(one) === search.days) ?? 14;
  const days = useMemo(() => lastDays(now, count), [now, count]);
  const columns: Column<TaskItem>[] = [
    {
      key: 'task',
      title: w.grid.task,
      width: 'minmax(7rem, 14rem)',
      narrow: '7rem',
      cell: (one) => (
        <Link to="/runs" search={{ task: one.executable, days: String(count) }}>
          {one.name}
        </Link>
      ),
    },
    {
      key: 'days',
      title: `${dayTitle(days[0] ?? '')} – ${dayTitle(days.at(-1) ?? '')}`,
      width: 'minmax(0, 1fr)',
      cell: (one) => <Cells id={one.executable ?? ''} days={days} environmentId={scope.environmentId} />,
    },
  ];
  if (isLost(all)) return <Failure error={all.error} retry={all.refetch} />;
  if (!all.data) return <Waiting />;
  return (
    <>
      <div className="filters" style={{ display: 'flex', gap: '0.75rem', alignItems: 'center', flexWrap: 'wrap' }}>
        <Select
          aria-label={w.grid.period}
          data={PERIODS.map((one) => ({ value: String(one), label: w.grid.days(one) }))}
          value={String(count)}
          onChange={(value) => navigate({ search: { view: 'grid', days: value ?? undefined }, replace: true })}
        />
        <Text size="sm" className="muted">
          {w.grid.hint}
        </Text>
      </div>
      <List
        label={w.runs.views.grid}
        columns={columns}
        count={all.total}
        row={all.row}
        onRange={all.onRange}
        rowKey={(one) => one.executable ?? ''}
        empty={<Empty title={w.grid.none} />}
      />
    </>
  );
}
