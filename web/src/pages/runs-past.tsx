/** What ran and runs, newest first, as it comes. */

import { Button, Text } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useMemo, useRef } from 'react';
import { clusters } from '../api/queries';
import { type HistorySearch, type Past, plainPage } from '../api/work';
import { useMay, useScope } from '../app/context';
import { historyOf, type RunSearch } from '../lib/run-search';
import { type Chosen, useChosen } from '../lib/use-chosen';
import { useHistory } from '../lib/use-history';
import { dayOf, dayStart } from '../texts/days';
import { t } from '../texts/pages';
import { duration, fullTime, shortTime } from '../texts/time';
import { w } from '../texts/work';
import { useColumns } from '../ui/columns';
import { ExecutableName } from '../ui/executable';
import { type Column, List } from '../ui/list';
import { Empty, Failure, Id, Notice, StateBadge, useNow, Waiting } from '../ui/parts';
import { FilterBar, isNarrowed } from './runs-bar';
import { RunsBulk, runKey, runWords } from './runs-bulk';

const WAITS = ['EXECUTION_EVENT_RECEIVED', 'DISPATCHING_FLOW'];

/** How long a run has been at work until now. */
function Running({ since }: { since: number }) {
  const now = useNow();
  return duration(now - since);
}

/** How long a run took, or takes. */
function Took({ run }: { run: Past }) {
  if (run.runStartTime === undefined || WAITS.includes(run.status)) return '–';
  if (run.runEndTime === undefined) return <Running since={run.runStartTime} />;
  return duration(run.runEndTime - run.runStartTime);
}

/** An instant, or a dash while it has not come. */
function When({ at, today }: { at: number | undefined; today: number }) {
  return at === undefined ? '–' : <span title={fullTime(at)}>{shortTime(at, today)}</span>;
}

/** The columns; `today` is a moment of the day that dates are short for, `workspaces` are names by id. */
function columns(today: number, workspaces: Map<string, string>): Column<Past>[] {
  return [
    {
      key: 'state',
      title: t.runs.status,
      width: '8.5rem',
      narrow: '7.25rem',
      cell: (run) => <StateBadge status={run.status} />,
    },
    {
      key: 'task',
      title: t.runs.task,
      width: 'minmax(7rem, 2.4fr)',
      cell: (run) =>
        run.type === 'PLAN' ? (
          <Link className="row-link" to="/plan-runs/$id" params={{ id: run.id }}>
            {run.name} <span className="muted">({w.runs.isPlan})</span>
          </Link>
        ) : (
          <Link className="row-link" to="/runs/$id" params={{ id: run.id }}>
            {run.name || <ExecutableName id={run.taskId ?? run.id} plan={false} />}
            {run.planName && <span className="muted"> {w.runs.ofPlan(run.planName)}</span>}
          </Link>
        ),
      always: true,
    },
    {
      key: 'artifact',
      title: t.tasks.artifact,
      width: 'minmax(6rem, 1fr)',
      wide: true,
      seldom: true,
      cell: (run) => [run.artifactName, run.artifactVersion].filter(Boolean).join(' '),
    },
    {
      key: 'workspace',
      title: t.workspace,
      width: 'minmax(5rem, 0.8fr)',
      wide: true,
      seldom: true,
      cell: (run) => (run.workspaceId ? (workspaces.get(run.workspaceId) ?? run.workspaceId) : ''),
    },
    {
      key: 'asked',
      title: t.runs.asked,
      width: '7.5rem',
      wide: true,
      cell: (run) => <span title={fullTime(run.triggerTime)}>{shortTime(run.triggerTime, today)}</span>,
    },
    {
      key: 'started',
      title: t.run.started,
      width: '7.5rem',
      wide: true,
      seldom: true,
      cell: (run) => <When at={run.runStartTime} today={today} />,
    },
    {
      key: 'ended',
      title: t.run.ended,
      width: '7.5rem',
      wide: true,
      seldom: true,
      cell: (run) => <When at={run.runEndTime} today={today} />,
    },
    {
      key: 'took',
      title: t.runs.took,
      width: '5.5rem',
      narrow: '3.75rem',
      cell: (run) => <Took run={run} />,
    },
    {
      key: 'where',
      title: t.runs.where,
      width: 'minmax(7rem, 1.1fr)',
      wide: true,
      cell: (run) => run.engineName ?? run.clusterName ?? run.engineId ?? '',
    },
    {
      key: 'by',
      title: t.runs.by,
      width: 'minmax(5.5rem, 0.7fr)',
      wide: true,
      cell: (run) =>
        `${run.operator ?? ''}${!run.triggerType || run.triggerType === 'MANUAL' ? '' : `, ${run.triggerType.toLowerCase()}`}`,
    },
    {
      key: 'profile',
      title: w.task.profile,
      width: 'minmax(5rem, 0.8fr)',
      wide: true,
      seldom: true,
      cell: (run) => run.runProfileName ?? run.runProfileId ?? '',
    },
    {
      key: 'level',
      title: t.task.level,
      width: '5rem',
      wide: true,
      seldom: true,
      cell: (run) => run.logLevel ?? '',
    },
    {
      key: 'tags',
      title: t.tasks.tags,
      width: 'minmax(4rem, 0.8fr)',
      wide: true,
      seldom: true,
      cell: (run) => run.tags?.join(', ') ?? '',
    },
    {
      key: 'message',
      title: t.runs.message,
      width: 'minmax(6rem, 2.4fr)',
      wide: true,
      cell: (run) => run.errorMessage ?? '',
    },
    {
      key: 'id',
      title: w.runs.runId,
      width: '22rem',
      wide: true,
      seldom: true,
      cell: (run) => (
        <span className="above">
          <Id id={run.id} what={w.runs.runId} />
        </span>
      ),
    },
  ];
}

/** The rows that are wanted, as they come. */
function Rows(props: {
  search: RunSearch;
  wanted: HistorySearch;
  whole: boolean;
  shown: Column<Past>[];
  chosen: Chosen<Past>;
}) {
  const { search, wanted, whole } = props;
  const { query: scope } = useScope();
  const scroller = useRef<HTMLDivElement>(null);
  const plain = useCallback(
    (one: HistorySearch, offset: number) =>
      plainPage({ ...one, ...scope }, search.status?.split(',')[0], search.task, offset),
    [scope, search.status, search.task],
  );
  // What is wanted follows a moment after the place is known.
  const list = useHistory(wanted, wanted.environmentId !== undefined, whole ? undefined : plain, whole);
  const items = list.items;
  if (list.error && !items) return <Failure error={list.error} retry={list.retry} />;
  if (items === undefined) return <Waiting />;
  return (
    <div className="list-frame">
      {list.error !== undefined && list.error !== null && <Failure error={list.error} retry={list.retry} />}
      {list.newer && (
        <Button
          className="newer"
          size="compact-sm"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          onClick={() => scroller.current?.scrollTo({ top: 0 })}
        >
          {w.runs.newer}
        </Button>
      )}
      <List
        label={t.runs.title}
        columns={props.shown}
        count={items.length}
        row={(index) => items[index]}
        rowKey={runKey}
        rowName={runWords}
        chosen={props.chosen}
        onRange={list.onRange}
        onTop={list.onTop}
        scroller={scroller}
        empty={
          isNarrowed(search) ? (
            <Empty title={t.runs.noMatch}>{t.runs.noMatchHint}</Empty>
          ) : (
            <Empty title={t.runs.none} action={<Link to="/tasks">{t.runs.toTasks}</Link>}>
              {t.runs.noneHint}
            </Empty>
          )
        }
      />
      <Text size="sm" className="muted list-foot" role="status">
        {w.runs.shown(items.length, list.hasMore)}
      </Text>
    </div>
  );
}

/** The list with its filters. */
export function RunsPast() {
  const search = useSearch({ from: '/runs' }) as RunSearch;
  const { query: scope } = useScope();
  const whole = useMay('TMC_OPERATOR');
  const groups = useQuery(clusters());
  const isCluster = useCallback((id: string) => (groups.data ?? []).some((one) => one.id === id), [groups.data]);
  // A period is counted from when it was chosen: the list does not begin anew while somebody reads it.
  const wanted = useMemo(() => historyOf(search, scope, Date.now(), isCluster), [search, scope, isCluster]);
  // The fields answer at once, the rows follow.
  const rows = useDeferredValue(useMemo(() => ({ search, wanted }), [search, wanted]));
  const today = dayStart(dayOf(useNow(60_000)));
  const { workspaces } = useScope();
  const all = useMemo(
    () => columns(today, new Map(workspaces.map((one) => [one.id ?? '', one.name ?? '']))),
    [today, workspaces],
  );
  const { shown, chooser } = useColumns('runs', all);
  const chosen = useChosen(runKey);
  return (
    <>
      <FilterBar search={search} wanted={wanted} whole={whole} chooser={chooser} />
      {!whole && <Notice tone="idle" title={w.runs.onlyList} />}
      <RunsBulk chosen={chosen} />
      <Rows search={rows.search} wanted={rows.wanted} whole={whole} shown={shown} chosen={chosen} />
    </>
  );
}
