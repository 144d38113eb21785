/** What the pages of runs, plans and schedules read beyond `queries.ts`. The first part of each key is its topic. */

import { queryOptions } from '@tanstack/react-query';
import { body, core, own, Problem, raw } from './client';
import type { components as Core } from './generated/core';
import type { components as Observed } from './generated/observability';
import type { components as Own } from './generated/stoker';
import { PAGE, runPage, type ScopeQuery } from './queries';

type S = Core['schemas'];
export type ScheduleTrigger = S['ScheduleTrigger'];
export type PlanSteps = S['PlanExecutableDetails'];
export type Step = S['Step'];
export type Due = S['ScheduledEventsResponse'];

/** A record of the history of runs: of a task, or of a plan as a whole. */
export type Past = Partial<
  Omit<Observed['schemas']['ExecutionRecord'], 'id' | 'name' | 'status' | 'type' | 'triggerType' | 'triggerTime'>
> & {
  id: string;
  name: string;
  /** Upper-case status of the history. */
  status: string;
  /** `PLAN` for the run of a plan. */
  type: string;
  triggerType?: string;
  triggerTime: number;
};

/** A condition of the history, as the API wants it. */
export interface HistoryFilter {
  field: string;
  operator: string;
  value: unknown;
}

/** What is looked for in the history. */
export interface HistorySearch {
  environmentId?: string;
  filters: HistoryFilter[];
  /** Runs of tasks alone, also those that plans started. */
  exclude?: 'PLAN_EXECUTIONS' | 'TASK_EXECUTIONS_TRIGGERED_BY_PLAN';
  from?: number;
  to?: number;
}

/** Largest page of the history. */
export const HISTORY_PAGE = 200;
/** Most records that can be reached by offset in one window. */
export const HISTORY_WINDOW = HISTORY_PAGE * 20;

const OBSERVED = '/monitoring/observability/executions';

function posted(value: unknown, signal?: AbortSignal): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(value), signal };
}

/** One page of the history: running ones first, then what ended last. */
export async function historyPage(
  search: HistorySearch,
  offset: number,
  limit = HISTORY_PAGE,
): Promise<{ items: Past[]; nextPageExists: boolean }> {
  return raw(`${OBSERVED}/search`, posted({ ...search, category: 'ETL', offset, limit }));
}

/** The beginning of the history, read by `fetch` where that is not {@link historyPage}. */
export const historyHead = (search: HistorySearch, fetch: typeof historyPage = historyPage) =>
  queryOptions({ queryKey: ['runs', 'history', JSON.stringify(search)], queryFn: () => fetch(search, 0) });

/** The same for who may run tasks but not see the history: the list of runs, with fewer filters. */
export async function plainPage(
  search: HistorySearch & ScopeQuery,
  status: string | undefined,
  taskId: string | undefined,
  offset: number,
): Promise<{ items: Past[]; nextPageExists: boolean }> {
  const filter = {
    environmentId: search.environmentId,
    workspaceId: search.workspaceId,
    status,
    taskId,
    from: search.from,
    to: search.to,
  };
  const query = runPage(filter, Math.floor(offset / PAGE)).queryFn as () => Promise<S['PageTaskExecutionStatus']>;
  const page = await query();
  const items = page.items.map((run): Past => {
    const runtime = run.runtime as { engineId?: string } | undefined;
    return {
      id: run.executionId,
      // Not told here; pages ask for it when its row can be seen.
      name: '',
      status: run.executionStatus,
      type: 'STANDARD',
      triggerType: run.executionType,
      triggerTime: Date.parse(run.triggerTimestamp ?? ''),
      runStartTime: run.startTimestamp ? Date.parse(run.startTimestamp) : undefined,
      runEndTime: run.finishTimestamp ? Date.parse(run.finishTimestamp) : undefined,
      operator: run.userId,
      taskId: run.taskId,
      engineId: runtime?.engineId,
      errorMessage: run.errorMessage,
    };
  });
  return { items, nextPageExists: offset + items.length < page.total };
}

/** The file of what is looked for, with every column of the history. */
export async function historyFile(search: HistorySearch): Promise<string> {
  return raw<string>(`${OBSERVED}/download`, posted({ ...search, category: 'ETL', limit: 100_000 }), 'text');
}

/** One component of a job with what passed through it. */
export type ComponentRow = Observed['schemas']['ComponentMetric'];

/** What passed through the components of a run; nothing when the job tells nothing. */
export const components = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'components', id],
    queryFn: async () => {
      try {
        const page = await raw<Observed['schemas']['ExecutionComponentMetrics']>(
          `${OBSERVED}/${encodeURIComponent(id)}/component?limit=200`,
        );
        return page.metrics.items;
      } catch (error) {
        // Not everybody who may see a run may see its metrics.
        if (error instanceof Problem && error.status === 403) return null;
        throw error;
      }
    },
  });

/** Up to 100 runs of one task since an instant, for its row of the grid. */
export const taskDays = (taskId: string, days: number, environmentId?: string) =>
  queryOptions({
    queryKey: ['runs', 'days', taskId, days, environmentId],
    queryFn: () =>
      body(
        core.GET('/processing/executables/tasks/{taskId}/executions', {
          params: { path: { taskId }, query: { lastDays: days, limit: PAGE } },
        }),
      ),
    staleTime: 30_000,
  });

/** One page of what is due in an environment between two instants. */
export const duePage = (scope: ScopeQuery, from: number, to: number, number: number) =>
  queryOptions({
    queryKey: ['objects', 'due', scope, from, to, number],
    queryFn: () =>
      body(
        core.POST('/orchestration/executables/events/search', {
          body: {
            environmentId: scope.environmentId ?? '',
            workspaceIds: scope.workspaceId ? [scope.workspaceId] : undefined,
            from,
            to,
            limit: PAGE,
            offset: number * PAGE,
          },
        }),
      ),
    enabled: scope.environmentId !== undefined,
  });

export const plan = (planId: string) =>
  queryOptions({
    queryKey: ['objects', 'plan', planId],
    queryFn: () => body(core.GET('/orchestration/executables/plans/{planId}', { params: { path: { planId } } })),
  });

export const schedule = (scheduleId: string) =>
  queryOptions({
    queryKey: ['objects', 'schedule', scheduleId],
    queryFn: () => body(core.GET('/orchestration/schedules/{scheduleId}', { params: { path: { scheduleId } } })),
  });

/** Coming dates of a schedule between two instants, as the server counts them. */
export const scheduleDates = (scheduleId: string, from: number, to: number, limit: number) =>
  queryOptions({
    queryKey: ['objects', 'schedule-dates', scheduleId, from, to, limit],
    queryFn: () =>
      body(
        core.GET('/orchestration/schedules/{scheduleId}/events', {
          params: { path: { scheduleId }, query: { from, to, limit } },
        }),
      ),
  });

/** Dates shown of a trigger before it is stored. */
const PREVIEWED = 6;

/** The next dates of a trigger that is not stored; `trigger` is its JSON, as it is typed. */
export const triggerPreview = (trigger: string) =>
  queryOptions({
    queryKey: ['trigger-preview', trigger],
    queryFn: () =>
      body(
        own.POST('/stoker/v1/schedules/preview', {
          body: { trigger: JSON.parse(trigger) as Own['schemas']['PreviewWish']['trigger'], limit: PREVIEWED },
        }),
      ),
  });

/** What the console keeps for the user. */
export type Kept = Own['schemas']['Preferences'] & { document: { views?: View[]; columns?: Record<string, string[]> } };

/** A named set of filters of the runs page. */
export interface View {
  name: string;
  /** The search part of its address, without `?`. */
  search: string;
}

const PREFERENCES = '/stoker/v1/preferences';

export const preferences = () =>
  queryOptions({ queryKey: ['preferences'], queryFn: () => raw<Kept>(PREFERENCES), staleTime: 60_000 });

/** Changes what is kept; a change that somebody else made meanwhile stays. */
export async function changePreferences(change: (document: Kept['document']) => Kept['document']): Promise<Kept> {
  for (let turn = 0; ; turn += 1) {
    const { version, document } = await raw<Kept>(PREFERENCES);
    try {
      const wanted = { version, document: change(document) };
      return await raw<Kept>(PREFERENCES, { ...posted(wanted), method: 'PUT' });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409 || turn >= 4) throw error;
    }
  }
}
