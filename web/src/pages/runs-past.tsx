/** What ran and runs, newest first, as it comes. */

import { Button, Group, Select, Text } from '@mantine/core';
import { IconArrowUp, IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState } from 'react';
import { clusters, namesOf, tasks } from '../api/queries';
import { type HistorySearch, historyFile, type Past, plainPage } from '../api/work';
import { useMay, useScope } from '../app/context';
import { historyOf, MORE_KEYS, type RunSearch } from '../lib/run-search';
import { useHistory } from '../lib/use-history';
import { t } from '../texts/pages';
import { RUN_FILTERS, stateOf } from '../texts/status';
import { duration, fullTime, shortTime } from '../texts/time';
import { w } from '../texts/work';
import { type Column, List } from '../ui/list';
import { Empty, Failure, Notice, StateBadge, useNow, Waiting } from '../ui/parts';
import { MoreFilters } from './run-filters';

const PERIODS = [1, 7, 30, 60];

/** Saves a text as a file of the browser's user. */
function saveAs(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function CsvButton({ search }: { search: HistorySearch }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const load = async () => {
    setBusy(true);
    setError(undefined);
    try {
      saveAs('runs.csv', await historyFile(search));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <>
      <Button
        variant="default"
        loading={busy}
        onClick={load}
        title={w.runs.csvCut}
        aria-label={w.runs.csvLabel}
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        {w.runs.csv}
      </Button>
      {error !== undefined && <Failure error={error} />}
    </>
  );
}

function columns(now: number): Column<Past>[] {
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
      width: 'minmax(7rem, 2fr)',
      cell: (run) =>
        run.type === 'PLAN' ? (
          <Link className="row-link" to="/plan-runs/$id" params={{ id: run.id }}>
            {run.name} <span className="muted">({w.runs.isPlan})</span>
          </Link>
        ) : (
          <Link className="row-link" to="/runs/$id" params={{ id: run.id }}>
            {run.name}
            {run.planName && <span className="muted"> {w.runs.ofPlan(run.planName)}</span>}
          </Link>
        ),
    },
    {
      key: 'asked',
      title: t.runs.asked,
      width: '7.5rem',
      wide: true,
      cell: (run) => <span title={fullTime(run.triggerTime)}>{shortTime(run.triggerTime, now)}</span>,
    },
    {
      key: 'took',
      title: t.runs.took,
      width: '5.5rem',
      narrow: '3.75rem',
      cell: (run) =>
        run.runStartTime === undefined || run.status === 'EXECUTION_EVENT_RECEIVED' || run.status === 'DISPATCHING_FLOW'
          ? '–'
          : duration((run.runEndTime ?? now) - run.runStartTime),
    },
    {
      key: 'where',
      title: t.runs.where,
      width: 'minmax(6rem, 1fr)',
      wide: true,
      cell: (run) => run.engineName ?? run.clusterName ?? run.engineId ?? '',
    },
    {
      key: 'by',
      title: t.runs.by,
      width: 'minmax(6rem, 0.8fr)',
      wide: true,
      cell: (run) =>
        `${run.operator ?? ''}${!run.triggerType || run.triggerType === 'MANUAL' ? '' : `, ${run.triggerType.toLowerCase()}`}`,
    },
    {
      key: 'message',
      title: t.runs.message,
      width: 'minmax(6rem, 2fr)',
      wide: true,
      cell: (run) => run.errorMessage ?? '',
    },
  ];
}

/** The list with its filters. */
export function RunsPast() {
  const search = useSearch({ from: '/runs' }) as RunSearch;
  const navigate = useNavigate({ from: '/runs' });
  const now = useNow();
  const { query: scope } = useScope();
  const whole = useMay('TMC_OPERATOR');
  const named = useQuery(tasks(scope));
  const groups = useQuery(clusters());
  const names = useMemo(() => namesOf(named.data), [named.data]);
  const isCluster = useCallback((id: string) => (groups.data ?? []).some((one) => one.id === id), [groups.data]);
  const [more, setMore] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  // A period is counted from when it was chosen: the list does not begin anew while somebody reads it.
  const wanted = useMemo(() => historyOf(search, scope, Date.now(), isCluster), [search, scope, isCluster]);
  const plain = useCallback(
    (one: HistorySearch, offset: number) =>
      plainPage({ ...one, ...scope }, search.status?.split(',')[0], search.task, names, offset),
    [scope, search.status, search.task, names],
  );
  const ready = scope.environmentId !== undefined;
  const list = useHistory(wanted, ready, whole ? undefined : plain, whole);
  const set = (change: RunSearch) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const extra = MORE_KEYS.filter((key) => search[key]).length;
  const narrowed = extra > 0 || Boolean(search.status ?? search.task ?? search.days);
  const items = list.items;

  return (
    <>
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
          placeholder={`${t.runs.period}: ${t.all}`}
          data={PERIODS.map((days) => ({ value: String(days), label: t.runs.days(days) }))}
          value={search.days ?? null}
          onChange={(days) => set({ days: days ?? undefined, from: undefined, to: undefined })}
          clearable
          clearButtonProps={{ 'aria-label': t.runs.clear }}
        />
        {whole && (
          <Button variant="default" aria-expanded={more} onClick={() => setMore(!more)}>
            {w.runs.more(extra)}
          </Button>
        )}
        {narrowed && (
          <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
            {t.runs.clear}
          </Button>
        )}
        {whole && <CsvButton search={wanted} />}
        <Text size="sm" className="muted" role="status">
          {items && w.runs.shown(items.length, list.hasMore)}
        </Text>
      </Group>
      {whole && more && <MoreFilters search={search} set={set} names={names} />}
      {!whole && <Notice tone="idle" title={w.runs.onlyList} />}
      {list.error && !items ? (
        <Failure error={list.error} retry={list.retry} />
      ) : items === undefined ? (
        <Waiting />
      ) : (
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
            columns={columns(now)}
            count={items.length}
            row={(index) => items[index]}
            rowKey={(run) => run.id}
            onRange={list.onRange}
            onTop={list.onTop}
            scroller={scroller}
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
        </div>
      )}
    </>
  );
}
