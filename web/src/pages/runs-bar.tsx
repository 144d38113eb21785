/** What the list of runs is narrowed to. It is drawn by itself, so that a list that moves does not draw it again. */

import { Button, Group, Select } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { lazy, memo, type ReactNode, Suspense, useDeferredValue, useState } from 'react';
import { type HistorySearch, historyFile } from '../api/work';
import { useScope } from '../app/context';
import { MORE_KEYS, type RunSearch } from '../lib/run-search';
import { t } from '../texts/pages';
import { RUN_FILTERS, stateOf, WENT_WRONG } from '../texts/status';
import { w } from '../texts/work';
import { FoundSelect } from '../ui/found';
import { Failure, Waiting } from '../ui/parts';

const MoreFilters = lazy(() => import('./run-filters').then((m) => ({ default: m.MoreFilters })));

const PERIODS = [1, 7, 30, 60];

const STATES = RUN_FILTERS.map((status) => ({ value: status as string, label: stateOf(status).label }));
const ANY_WRONG = { value: WENT_WRONG.join(','), label: w.runs.wentWrong };

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

/** Whether the address narrows the list. */
export function isNarrowed(search: RunSearch): boolean {
  return MORE_KEYS.some((key) => search[key]) || Boolean(search.status ?? search.task ?? search.days);
}

/** The fields, with the file of what they leave; `whole` tells whether the user may see the history. */
export const FilterBar = memo(function FilterBar(props: {
  search: RunSearch;
  wanted: HistorySearch;
  whole: boolean;
  /** The button that chooses columns. */
  chooser: ReactNode;
}) {
  const { search, whole } = props;
  const navigate = useNavigate({ from: '/runs' });
  const { query: scope } = useScope();
  const [more, setMore] = useState(false);
  // The button answers at once; its many fields come a moment later.
  const unfolded = useDeferredValue(more);
  const set = (change: RunSearch) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const extra = MORE_KEYS.filter((key) => search[key]).length;
  return (
    <>
      <Group gap="sm" className="filters">
        <Select
          aria-label={t.runs.status}
          placeholder={`${t.runs.status}: ${t.all}`}
          data={whole ? [ANY_WRONG, ...STATES] : STATES}
          value={search.status ?? null}
          onChange={(status) => set({ status: status ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': t.runs.clear }}
        />
        <FoundSelect
          kind="task"
          scope={scope}
          ariaLabel={t.runs.task}
          placeholder={`${t.runs.task}: ${t.all}`}
          value={search.task ?? null}
          change={(task) => set({ task: task ?? undefined })}
          clearable
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
        {isNarrowed(search) && (
          <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
            {t.runs.clear}
          </Button>
        )}
        {whole && <CsvButton search={props.wanted} />}
        {props.chooser}
      </Group>
      {whole && unfolded && (
        <Suspense fallback={<Waiting />}>
          <MoreFilters search={search} set={set} />
        </Suspense>
      )}
    </>
  );
});
