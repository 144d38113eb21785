/** All runs, newest first, as they come. The filters are in the address. */

import { Button, Group, Select } from '@mantine/core';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { clusters, engines, namesOf, PAGE, type Run, type RunFilter, runPage, tasks } from '../api/queries';
import { useScope } from '../app/context';
import { t } from '../texts/pages';
import { RUN_FILTERS, stateOf } from '../texts/status';
import { fullTime, instant, runLength, shortTime } from '../texts/time';
import { type Column, List } from '../ui/list';
import { Empty, Failure, Head, StateBadge, useNow, Waiting } from '../ui/parts';

const PERIODS = [1, 7, 30, 60];

/** Pages of a filtered list, fetched where they can be seen. */
function useRunPages(filter: RunFilter) {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const onRange = useCallback((first: number, last: number) => {
    const [from, to] = [Math.floor(first / PAGE), Math.floor(last / PAGE)];
    setRange((old) => (old[0] === from && old[1] === to ? old : [from, to]));
  }, []);
  const numbers = useMemo(() => [...new Set([0, range[0], range[1]])], [range]);
  const pages = useQueries({
    queries: numbers.map((number) => ({ ...runPage(filter, number), placeholderData: keepPreviousData })),
  });
  const first = pages[0];
  const row = (index: number): Run | undefined =>
    pages[numbers.indexOf(Math.floor(index / PAGE))]?.data?.items[index % PAGE];
  return {
    total: first?.data?.total,
    error: pages.find((page) => page.error)?.error,
    retry: () => void Promise.all(pages.map((page) => page.refetch())),
    row,
    onRange,
  };
}

/** Names of everything a run may run on. */
export function useRuntimeNames(): Map<string, string> {
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  return useMemo(
    () => new Map([...(all.data ?? []), ...(groups.data ?? [])].map((one) => [one.id, one.name])),
    [all.data, groups.data],
  );
}

export function Runs() {
  const search = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const now = useNow();
  const { query: scope } = useScope();
  const named = useQuery(tasks(scope));
  const places = useRuntimeNames();
  const names = useMemo(() => namesOf(named.data), [named.data]);
  const filter: RunFilter = {
    ...scope,
    status: search.status,
    taskId: search.task,
    lastDays: search.days ? Number(search.days) : undefined,
  };
  const list = useRunPages(filter);
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const narrowed = Boolean(search.status ?? search.task ?? search.days);

  const columns: Column<Run>[] = [
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
      width: 'minmax(7rem, 2fr)',
      cell: (run) => (
        <Link className="row-link" to="/runs/$id" params={{ id: run.executionId }}>
          {names.get(run.taskId) ?? run.taskId}
        </Link>
      ),
    },
    {
      key: 'asked',
      title: t.runs.asked,
      width: '7.5rem',
      wide: true,
      cell: (run) => {
        const at = instant(run.triggerTimestamp) ?? 0;
        return <span title={fullTime(at)}>{shortTime(at, now)}</span>;
      },
    },
    {
      key: 'took',
      title: t.runs.took,
      width: '5.5rem',
      narrow: '3.75rem',
      cell: (run) => runLength(run.status === 'dispatching' ? undefined : run.startTimestamp, run.finishTimestamp, now),
    },
    {
      key: 'where',
      title: t.runs.where,
      width: 'minmax(6rem, 1fr)',
      wide: true,
      cell: (run) => {
        const runtime = run.runtime as { id?: string; engineId?: string; clusterId?: string } | undefined;
        const id = runtime?.engineId ?? runtime?.id ?? runtime?.clusterId ?? '';
        return places.get(id) ?? id;
      },
    },
    {
      key: 'by',
      title: t.runs.by,
      width: 'minmax(6rem, 0.8fr)',
      wide: true,
      cell: (run) => `${run.userId}${run.executionType === 'MANUAL' ? '' : `, ${run.executionType.toLowerCase()}`}`,
    },
    {
      key: 'message',
      title: t.runs.message,
      width: 'minmax(6rem, 2fr)',
      wide: true,
      cell: (run) => run.errorMessage ?? '',
    },
  ];

  return (
    <div className="page">
      <Head
        title={t.runs.title}
        badge={<span className="muted">{list.total !== undefined && t.runs.total(list.total)}</span>}
      />
      <Group gap="sm" className="filters">
        <Select
          aria-label={t.runs.status}
          placeholder={`${t.runs.status}: ${t.all}`}
          data={RUN_FILTERS.map((status) => ({ value: status, label: stateOf(status).label }))}
          value={search.status ?? null}
          onChange={(status) => set({ status: status ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': t.runs.clear }}
        />
        <Select
          aria-label={t.runs.task}
          placeholder={`${t.runs.task}: ${t.all}`}
          data={[...names].map(([value, label]) => ({ value, label }))}
          value={search.task ?? null}
          onChange={(task) => set({ task: task ?? undefined })}
          searchable
          clearable
          limit={200}
          clearButtonProps={{ 'aria-label': t.runs.clear }}
        />
        <Select
          aria-label={t.runs.period}
          placeholder={t.runs.days(60)}
          data={PERIODS.map((days) => ({ value: String(days), label: t.runs.days(days) }))}
          value={search.days ?? null}
          onChange={(days) => set({ days: days ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': t.runs.clear }}
        />
        {narrowed && (
          <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
            {t.runs.clear}
          </Button>
        )}
      </Group>
      {list.error ? (
        <Failure error={list.error} retry={list.retry} />
      ) : list.total === undefined ? (
        <Waiting />
      ) : (
        <List
          label={t.runs.title}
          columns={columns}
          count={list.total}
          row={list.row}
          rowKey={(run) => run.executionId}
          onRange={list.onRange}
          empty={
            narrowed ? (
              <Empty title={t.runs.noMatch}>{t.runs.noMatchHint}</Empty>
            ) : (
              <Empty title={t.runs.none} action={<Link to="/tasks">{t.runs.toTasks}</Link>}>
                {t.runs.noneHint}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}
