/** What pages read. The first part of each key is the topic that makes it old, see `app/live.ts`. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { RunEvent } from '../texts/reasons';
import { body, core, own } from './client';
import type { components as Core } from './generated/core';
import type { components as Own } from './generated/stoker';

type S = Core['schemas'];
export type Run = S['TaskExecutionStatus'];
export type RunDetail = S['JobExecutionStatus'];
export type Task = S['TaskV21'];
export type TaskItem = S['TaskExtract'];
export type RunConfig = S['TaskRunConfig'];
export type Engine = S['Engine'];
export type EngineWork = Own['schemas']['EngineAtWork'];
export type Cluster = S['EngineCluster'];
export type Artifact = S['Artifact'];
export type ArtifactVersion = S['ArtifactVersion'];
export type PlanItem = S['PlanExecutableDetails'];
export type PlanRun = S['PlanExecutionStatus'];
export type Schedule = S['Schedule'];
export type Workspace = S['WorkspaceInfo'];
export type Environment = S['EnvironmentInfo'];
export type PlanTimeline = Own['schemas']['PlanRunTimeline'];
/** The timeline of a run, with the parameters it was started with. */
export type RunTimeline = Omit<Own['schemas']['RunTimeline'], 'events' | 'parameters'> & {
  events: RunEvent[];
  parameters?: { name: string; value: string }[];
};

/** Largest page of every list. */
export const PAGE = 100;
/** Most pages that are fetched of a list that is needed whole. */
const WHOLE = 50;
/** Most entries of such a list. */
export const MOST_READ = WHOLE * PAGE;

export interface ScopeQuery {
  environmentId?: string;
  workspaceId?: string;
}

/** Filters of the run list. */
export interface RunFilter extends ScopeQuery {
  status?: string;
  taskId?: string;
  from?: number;
  to?: number;
  lastDays?: number;
}

/** All of a list, up to {@link MOST_READ}. */
export async function whole<T>(page: (offset: number) => Promise<{ items: T[]; total: number }>): Promise<T[]> {
  const first = await page(0);
  const pages = Math.min(WHOLE, Math.ceil(first.total / PAGE));
  const rest = await Promise.all(
    Array.from({ length: Math.max(0, pages - 1) }, (_, number) => page((number + 1) * PAGE)),
  );
  return [first, ...rest].flatMap((one) => one.items);
}

export const environments = () =>
  queryOptions({
    queryKey: ['objects', 'environments'],
    queryFn: () => body(core.GET('/orchestration/environments')),
  });

export const workspaces = () =>
  queryOptions({ queryKey: ['objects', 'workspaces'], queryFn: () => body(core.GET('/orchestration/workspaces')) });

/** One page of runs, newest first. */
export const runPage = (filter: RunFilter, number: number, size = PAGE) =>
  queryOptions({
    queryKey: ['runs', 'page', filter, number, size],
    queryFn: () => {
      const { taskId, ...rest } = filter;
      const query = { ...rest, limit: size, offset: number * size };
      return taskId
        ? body(core.GET('/processing/executables/tasks/{taskId}/executions', { params: { path: { taskId }, query } }))
        : body(core.GET('/processing/executables/tasks/executions', { params: { query } }));
    },
    enabled: filter.environmentId !== undefined,
  });

export const run = (executionId: string) =>
  queryOptions({
    queryKey: ['runs', 'one', executionId],
    queryFn: () => body(core.GET('/processing/executions/{executionId}', { params: { path: { executionId } } })),
  });

export const runTimeline = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'timeline', id],
    queryFn: async () =>
      (await body(own.GET('/stoker/v1/executions/{id}/timeline', { params: { path: { id } } }))) as RunTimeline,
  });

export const task = (taskId: string) =>
  queryOptions({
    queryKey: ['objects', 'task', taskId],
    queryFn: () => body(core.GET('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId } } })),
  });

export const runConfig = (taskId: string) =>
  queryOptions({
    queryKey: ['objects', 'run-config', taskId],
    queryFn: () =>
      body(core.GET('/orchestration/executables/tasks/{taskId}/run-config', { params: { path: { taskId } } })),
    retry: false,
  });

/** What a plan or a task has in common of how it runs. */
export type StartConfig = Omit<RunConfig, 'runtime'> & { runtime?: RunConfig['runtime'] };

/** How a task or plan runs and what starts it; a refusal while that was never set. */
export const startConfig = (id: string, plan: boolean) =>
  queryOptions({
    queryKey: ['objects', plan ? 'plan-config' : 'run-config', id],
    queryFn: async (): Promise<StartConfig> =>
      body(
        plan
          ? core.GET('/orchestration/executables/plans/{planId}/run-config', { params: { path: { planId: id } } })
          : core.GET('/orchestration/executables/tasks/{taskId}/run-config', { params: { path: { taskId: id } } }),
      ),
    retry: false,
  });

/** How far ahead the next starts are looked for, milliseconds: a little more than a year. */
const AHEAD_MS = 400 * 86_400_000;

/** The next instants at which a task or plan is started; none while it is paused. */
export const nextStarts = (id: string, plan: boolean, limit: number) =>
  queryOptions({
    queryKey: ['objects', 'next-starts', id, limit],
    queryFn: async () => {
      const query = { to: Date.now() + AHEAD_MS, limit };
      const found = plan
        ? body(
            core.GET('/orchestration/executables/plans/{planId}/run-config/events', {
              params: { path: { planId: id }, query },
            }),
          )
        : body(
            core.GET('/orchestration/executables/tasks/{taskId}/run-config/events', {
              params: { path: { taskId: id }, query },
            }),
          );
      return (await found).items;
    },
    refetchInterval: 60_000,
  });

/** What became of a due start. */
export type Firing = Own['schemas']['Firing'];

/** The newest due starts of a task or plan, also those that made no run. */
export const firings = (id: string, plan: boolean, limit: number) =>
  queryOptions({
    queryKey: ['objects', 'firings', id, limit],
    queryFn: () => {
      const params = { path: { id }, query: { limit } };
      return body(
        plan
          ? own.GET('/stoker/v1/plans/{id}/firings', { params })
          : own.GET('/stoker/v1/tasks/{id}/firings', { params }),
      );
    },
    placeholderData: keepPreviousData,
  });

/** The webhook of a task or plan that has one, without its URL. */
export const webhook = (id: string, plan: boolean) =>
  queryOptions({
    queryKey: ['objects', 'webhook', id],
    queryFn: () =>
      body(
        plan
          ? own.GET('/stoker/v1/plans/{id}/webhook', { params: { path: { id } } })
          : own.GET('/stoker/v1/tasks/{id}/webhook', { params: { path: { id } } }),
      ),
  });

/** Says how many minutes from now on the URL of a webhook may be called; without an end when none are given. */
export async function setWebhookTerm(id: string, plan: boolean, minutes: number | undefined): Promise<void> {
  const request = minutes === undefined ? {} : { lifetimeMinutes: minutes };
  await body(
    plan
      ? own.PUT('/stoker/v1/plans/{id}/webhook', { params: { path: { id } }, body: request })
      : own.PUT('/stoker/v1/tasks/{id}/webhook', { params: { path: { id } }, body: request }),
  );
}

export const engines = () =>
  queryOptions({
    queryKey: ['engines', 'all'],
    queryFn: () => body(core.GET('/processing/runtimes/remote-engines')),
    refetchInterval: 30_000,
  });

export const engine = (id: string) =>
  queryOptions({
    queryKey: ['engines', 'one', id],
    queryFn: () => body(core.GET('/processing/runtimes/remote-engines/{id}', { params: { path: { id } } })),
    refetchInterval: 30_000,
  });

/** What is on each engine, and which of them are drained, by engine id. */
export const engineWork = () =>
  queryOptions({
    queryKey: ['engines', 'work'],
    queryFn: async (): Promise<Record<string, EngineWork>> => {
      const all = await body(own.GET('/stoker/v1/engines'));
      return Object.fromEntries(all.map((one) => [one.id, one]));
    },
    // How many runs are left changes with them.
    meta: { also: ['runs'] },
    refetchInterval: 30_000,
  });

export const clusters = () =>
  queryOptions({
    queryKey: ['engines', 'clusters'],
    queryFn: () => body(core.GET('/processing/runtimes/remote-engine-clusters')),
  });

export const artifactVersion = (artifactId: string, version: string) =>
  queryOptions({
    queryKey: ['objects', 'artifact', artifactId, version],
    queryFn: () =>
      body(
        core.GET('/orchestration/artifacts/{artifactId}/versions/{version}', {
          params: { path: { artifactId, version } },
        }),
      ),
    enabled: artifactId !== '' && version !== '',
  });

export const planRuns = (planId: string) =>
  queryOptions({
    queryKey: ['runs', 'plan', planId],
    queryFn: () =>
      body(
        core.GET('/processing/executables/plans/{planId}/executions', {
          params: { path: { planId }, query: { limit: PAGE } },
        }),
      ),
  });

export const planTimeline = (id: string) =>
  queryOptions({
    queryKey: ['runs', 'plan-timeline', id],
    queryFn: () => body(own.GET('/stoker/v1/executions/plans/{id}/timeline', { params: { path: { id } } })),
  });

/** What is due in an environment within the next hours. */
export const upcoming = (scope: ScopeQuery, hours: number) =>
  queryOptions({
    queryKey: ['objects', 'upcoming', scope, hours],
    queryFn: () =>
      body(
        core.POST('/orchestration/executables/events/search', {
          body: {
            environmentId: scope.environmentId ?? '',
            workspaceIds: scope.workspaceId ? [scope.workspaceId] : undefined,
            to: Date.now() + hours * 3_600_000,
            limit: PAGE,
          },
        }),
      ),
    enabled: scope.environmentId !== undefined,
    refetchInterval: 60_000,
  });

/** The next due instants of a schedule. */
export const scheduleEvents = (scheduleId: string, count: number) =>
  queryOptions({
    queryKey: ['objects', 'schedule-events', scheduleId, count],
    queryFn: () =>
      body(
        core.GET('/orchestration/schedules/{scheduleId}/events', {
          params: { path: { scheduleId }, query: { to: Date.now() + AHEAD_MS, limit: count } },
        }),
      ),
    refetchInterval: 60_000,
  });
