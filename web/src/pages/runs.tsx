/** Runs: what was, what comes, by task and day, and by engine. The filters are in the address. */

import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { clusters, engines } from '../api/queries';
import type { RunSearch } from '../lib/run-search';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { Head, Waiting } from '../ui/parts';
import { Views } from './run-views';
import { RunsPast } from './runs-past';

const Coming = lazy(() => import('./runs-coming').then((m) => ({ default: m.Coming })));
const Grid = lazy(() => import('./runs-grid').then((m) => ({ default: m.RunGrid })));
const Gantt = lazy(() => import('./runs-gantt').then((m) => ({ default: m.RunGantt })));

/** Names of everything a run may run on. */
export function useRuntimeNames(): Map<string, string> {
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  return useMemo(
    () => new Map([...(all.data ?? []), ...(groups.data ?? [])].map((one) => [one.id, one.name])),
    [all.data, groups.data],
  );
}

const SHOWN = ['past', 'coming', 'grid', 'engines'] as const;

/** Links between the ways of showing runs. */
function ViewTabs({ current }: { current: string }) {
  return (
    <nav className="tabs" aria-label={w.runs.viewsLabel}>
      {SHOWN.map((view) => (
        <Link
          key={view}
          to="/runs"
          search={view === 'past' ? {} : { view }}
          activeOptions={{ exact: true }}
          aria-current={view === current ? 'page' : undefined}
        >
          {w.runs.views[view]}
        </Link>
      ))}
    </nav>
  );
}

export function Runs() {
  const search = useSearch({ from: '/runs' }) as RunSearch;
  const navigate = useNavigate({ from: '/runs' });
  const view = SHOWN.find((one) => one === search.view) ?? 'past';
  return (
    <div className="page">
      <Head title={t.runs.title}>
        <Views search={search} open={(wanted) => navigate({ search: wanted })} />
      </Head>
      <Group gap="sm">
        <ViewTabs current={view} />
      </Group>
      {view === 'past' ? (
        <RunsPast />
      ) : (
        <Suspense fallback={<Waiting />}>
          {view === 'coming' ? <Coming /> : view === 'grid' ? <Grid /> : <Gantt />}
        </Suspense>
      )}
    </div>
  );
}
