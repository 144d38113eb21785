/** The last 24 hours by engine: when each was busy, and with what. */

import { Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment, useMemo } from 'react';
import { HISTORY_PAGE, type HistorySearch, historyPage, type Past } from '../api/work';
import { useMay, useScope } from '../app/context';
import { lanes } from '../lib/lanes';
import { minuteOf } from '../lib/use-due';
import { stateOf } from '../texts/status';
import { duration, shortTime } from '../texts/time';
import { w } from '../texts/work';
import { Empty, Failure, isLost, Notice, useNow, Waiting } from '../ui/parts';

const HOURS = 24;
const HOUR = 3_600_000;
/** Most runs that are drawn. */
const MOST = 1_000;
/** How often the window moves on when nothing changes. */
const STEP = 5 * 60_000;

async function lastDay(search: HistorySearch): Promise<{ runs: Past[]; cut: boolean }> {
  const runs: Past[] = [];
  for (;;) {
    const page = await historyPage(search, runs.length);
    runs.push(...page.items);
    if (!page.nextPageExists || page.items.length === 0) return { runs, cut: false };
    if (runs.length >= MOST - HISTORY_PAGE + 1) return { runs, cut: true };
  }
}

function useLastDay(from: number) {
  const { query: scope } = useScope();
  const workspace = scope.workspaceId ? [{ field: 'workspaceId', operator: 'in', value: scope.workspaceId }] : [];
  const search: HistorySearch = {
    environmentId: scope.environmentId,
    filters: workspace,
    exclude: 'PLAN_EXECUTIONS',
    from,
  };
  return useQuery({
    queryKey: ['runs', 'last-day', search],
    queryFn: () => lastDay({ ...search, to: Number.MAX_SAFE_INTEGER }),
    enabled: scope.environmentId !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });
}

interface Row {
  name: string;
  id?: string;
  runs: Past[];
}

/** Runs by the engine they ran on; what is on none comes last. */
export function byEngine(runs: Past[]): Row[] {
  const rows = new Map<string, Row>();
  for (const run of runs) {
    const started = run.runStartTime !== undefined && run.engineId !== undefined;
    const key = started ? (run.engineId ?? '') : '';
    const row = rows.get(key) ?? {
      name: started ? (run.engineName ?? key) : w.gantt.waiting,
      id: key || undefined,
      runs: [],
    };
    row.runs.push(run);
    rows.set(key, row);
  }
  return [...rows.values()].sort((one, two) =>
    one.id === undefined ? 1 : two.id === undefined ? -1 : one.name.localeCompare(two.name),
  );
}

function Engine({ row, from, now }: { row: Row; from: number; now: number }) {
  const span = now - from;
  const spans = row.runs.map((run) => ({
    run,
    from: Math.max(from, run.runStartTime ?? run.triggerTime),
    to: run.runEndTime ?? now,
  }));
  // A bar is at least this wide, so that short runs can be pressed and do not lie on each other.
  const placed = lanes(spans, span / 200);
  const height = Math.max(1, ...placed.map((one) => one.lane + 1));
  return (
    <Fragment>
      <span className="name">
        {row.id ? (
          <Link to="/engines/$id" params={{ id: row.id }}>
            {row.name}
          </Link>
        ) : (
          row.name
        )}
        <br />
        <span className="muted">{w.gantt.count(row.runs.length)}</span>
      </span>
      <div className="lane" style={{ height: `${height * 1.15 + 0.3}rem` }}>
        {placed.map(({ item, lane }) => {
          const state = stateOf(item.run.status);
          const words = w.gantt.bar(item.run.name, state.label, duration(item.to - item.from));
          return (
            <Link
              key={item.run.id}
              to="/runs/$id"
              params={{ id: item.run.id }}
              preload={false}
              className={`bar tone-${state.tone}`}
              aria-label={words}
              title={words}
              style={{
                left: `${((item.from - from) / span) * 100}%`,
                width: `max(6px, ${((item.to - item.from) / span) * 100}%)`,
                top: `${lane * 1.15 + 0.2}rem`,
              }}
            />
          );
        })}
      </div>
    </Fragment>
  );
}

/** The picture. */
export function RunGantt() {
  const now = useNow(30_000);
  const may = useMay('TMC_OPERATOR');
  const from = Math.floor(minuteOf(now) / STEP) * STEP - HOURS * HOUR;
  const found = useLastDay(from);
  const rows = useMemo(() => byEngine(found.data?.runs ?? []), [found.data]);
  if (!may) return <Notice tone="idle" title={w.runs.onlyList} />;
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <Waiting />;
  if (rows.length === 0) return <Empty title={w.gantt.none} />;
  const marks = Array.from({ length: HOURS / 4 }, (_, number) => from + number * 4 * HOUR);
  return (
    <section className="panel" aria-label={w.runs.views.engines}>
      <Text size="sm" className="muted" mb="sm">
        {w.gantt.hint} {found.data.cut && w.gantt.cut(found.data.runs.length)}
      </Text>
      <div className="gantt">
        <span />
        <div className="axis" aria-hidden>
          {marks.map((at) => (
            <span key={at} style={{ left: `${((at - from) / (now - from)) * 100}%` }}>
              {shortTime(at, at).slice(0, 5)}
            </span>
          ))}
        </div>
        {rows.map((row) => (
          <Engine key={row.id ?? ''} row={row} from={from} now={now} />
        ))}
      </div>
    </section>
  );
}
