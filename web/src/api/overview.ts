/** What the overview reads. */

import { queryOptions } from '@tanstack/react-query';
import { body, own } from './client';
import { runPage, type ScopeQuery, upcoming } from './queries';

/** Runs of each kind that are shown. */
export const SHOWN = 6;
const HOURS = 24;

/** How many runs are at work. */
export const atWork = (scope: ScopeQuery) => runPage({ ...scope, status: 'executing' }, 0, 1);

/** What waits. */
export const waiting = (scope: ScopeQuery) => runPage({ ...scope, status: 'dispatching' }, 0, SHOWN);

/** The last day in numbers: by hour, and by task that went wrong. */
export const lastDay = (scope: ScopeQuery) =>
  queryOptions({
    queryKey: ['runs', 'summary', scope],
    queryFn: () => body(own.GET('/stoker/v1/executions/summary', { params: { query: scope } })),
    enabled: scope.environmentId !== undefined,
    // Hours go by without news too.
    refetchInterval: 60_000,
  });

/** Whether there ever was a run. */
export const ever = (scope: ScopeQuery) => runPage(scope, 0, 1);

/** What comes within a day. */
export const next = (scope: ScopeQuery) => upcoming(scope, HOURS);
