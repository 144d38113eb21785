/** What the pages of infrastructure and catalogue read. The first part of each key is its topic, as in `queries.ts`. */

import { queryOptions } from '@tanstack/react-query';
import { body, core, raw } from './client';
import type { components as Core } from './generated/core';
import { taskPage } from './pages';
import { PAGE, type ScopeQuery, type TaskItem, whole } from './queries';

type S = Core['schemas'];
export type Connection = S['ConnectionDetails'];
export type ConnectionParameter = S['ConnectionParameter'];
export type Resource = S['Resource'];
export type ClusterDetail = S['EngineCluster'];
export type ProfileLine = S['BaseRunProfile'];
export type Profile = S['DIRunProfile'];
export type RuntimeProfile = S['RuntimeRunProfile'];
export type Promotion = S['PromotionExecutableDetails'];
export type PromotionRun = S['PromotionExecutionStatusV26'];
export type Project = S['ProjectView'];
export type Gen2Engine = S['PipelineEngine'];

/** An analysis or run in the list of its promotion. */
export interface PromotionRunLine {
  executionId: string;
  status: NonNullable<PromotionRun['status']>;
  statusMessage?: string;
  defective: boolean;
  triggerTimestamp: string;
  finishTimestamp?: string;
  userId: string;
  context?: string;
  advanced?: { artifactType: string; artifactId: string };
}

/** Somebody who can own or run things. */
export interface Person {
  id: string;
  login: string;
  name?: string;
}

/** What engines told about themselves: version and last sign of life, by engine id. */
export const engineReports = () =>
  queryOptions({
    queryKey: ['engines', 'reports'],
    queryFn: async () => {
      const answer = await body(core.GET('/processing/engines'));
      return new Map(
        (answer.enginesInfo ?? []).map((one) => [
          one.engineId ?? '',
          { version: one.packageVersion ?? '', seen: one.retrievalDate },
        ]),
      );
    },
    refetchInterval: 15_000,
  });

export const cluster = (clusterId: string) =>
  queryOptions({
    queryKey: ['engines', 'cluster', clusterId],
    queryFn: () =>
      body(core.GET('/processing/runtimes/remote-engine-clusters/{clusterId}', { params: { path: { clusterId } } })),
  });

/** The run profiles of one engine or cluster. */
export const profilesOf = (kind: 'engine' | 'cluster', id: string) =>
  queryOptions({
    queryKey: ['objects', 'profiles-of', kind, id],
    queryFn: () =>
      kind === 'engine'
        ? body(
            core.GET('/processing/runtimes/remote-engines/{engineId}/run-profiles', {
              params: { path: { engineId: id } },
            }),
          )
        : body(
            core.GET('/processing/runtimes/remote-engine-clusters/{clusterId}/run-profiles', {
              params: { path: { clusterId: id } },
            }),
          ),
  });

/** The run profiles of everything in an environment; needs the right to manage them. */
export const profiles = (environmentId: string | undefined, may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'profiles', environmentId],
    queryFn: () =>
      whole<ProfileLine>((offset) =>
        body(
          core.POST('/processing/run-profiles/search', {
            body: { offset, limit: PAGE, scopeIds: [environmentId ?? ''], sortBy: 'NAME', sortOrder: 'ASC' },
          }),
        ),
      ),
    enabled: may && environmentId !== undefined,
  });

export const profile = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'profile', id],
    queryFn: () => body(core.GET('/processing/run-profiles/{id}', { params: { path: { id } } })),
    enabled: id !== '',
  });

export const gen2Engines = () =>
  queryOptions({
    queryKey: ['engines', 'gen2'],
    queryFn: () => body(core.GET('/processing/runtimes/pipeline-engines')),
  });

export const connections = (scope: ScopeQuery, may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'connections', scope],
    queryFn: () =>
      whole<Connection>((offset) =>
        body(core.GET('/orchestration/connections', { params: { query: { ...scope, limit: PAGE, offset } } })),
      ),
    enabled: may && scope.environmentId !== undefined,
  });

/** How many connections there are, as a page of them that is as small as can be. */
export const connectionCount = (scope: ScopeQuery) =>
  queryOptions({
    queryKey: ['objects', 'connection-count', scope],
    queryFn: () => body(core.GET('/orchestration/connections', { params: { query: { ...scope, limit: 1 } } })),
  });

export const connection = (connectionId: string) =>
  queryOptions({
    queryKey: ['objects', 'connection', connectionId],
    queryFn: () => body(core.GET('/orchestration/connections/{connectionId}', { params: { path: { connectionId } } })),
  });

export const resources = (scope: ScopeQuery, may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'resources', scope],
    queryFn: () =>
      whole<Resource>((offset) =>
        body(core.GET('/orchestration/resources', { params: { query: { ...scope, limit: PAGE, offset } } })),
      ),
    enabled: may && scope.environmentId !== undefined,
  });

/** How many resources there are, as a page of them that is as small as can be. */
export const resourceCount = (scope: ScopeQuery) =>
  queryOptions({
    queryKey: ['objects', 'resource-count', scope],
    queryFn: () => body(core.GET('/orchestration/resources', { params: { query: { ...scope, limit: 1 } } })),
  });

export const resource = (resourceId: string) =>
  queryOptions({
    queryKey: ['objects', 'resource', resourceId],
    queryFn: () => body(core.GET('/orchestration/resources/{resourceId}', { params: { path: { resourceId } } })),
  });

/** Most tasks that are looked into for what they use. */
export const LOOKED_INTO = 300;
const AT_ONCE = 6;

/** A task with the ids of the connections and resources it uses. */
export interface TaskLinks {
  id: string;
  name: string;
  uses: string[];
}

/**
 * What each task of an environment uses. The list of tasks does not say it, so each is asked for; not renewed by hints,
 * which would ask for all of them again.
 */
export const taskLinks = (environmentId: string | undefined) =>
  queryOptions({
    queryKey: ['task-links', environmentId],
    queryFn: async ({ client, signal }) => {
      const pages = Array.from({ length: LOOKED_INTO / PAGE }, (_, number) => taskPage({ environmentId }, number));
      const read = await Promise.all(pages.map((page) => client.fetchQuery({ ...page, staleTime: 0 })));
      const wanted = read.flatMap((page) => page.items);
      const found: TaskLinks[] = [];
      const next = async (rest: IterableIterator<TaskItem>): Promise<void> => {
        for (const item of rest) {
          const id = item.executable ?? '';
          const path = { params: { path: { taskId: id } }, signal };
          const one = await body(core.GET('/orchestration/executables/tasks/{taskId}', path));
          const uses = [...Object.values(one.connections ?? {}), ...Object.values(one.resources ?? {})];
          found.push({ id, name: item.name ?? id, uses });
        }
      };
      const rest = wanted.values();
      await Promise.all(Array.from({ length: AT_ONCE }, () => next(rest)));
      found.sort((a, b) => a.name.localeCompare(b.name));
      return { tasks: found, all: read[0]?.total ?? 0 };
    },
    enabled: environmentId !== undefined,
    refetchOnMount: 'always',
  });

/** How much there is of each kind in an environment. */
export const contents = (environmentId: string, may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'contents', environmentId],
    queryFn: async () => {
      const params = { query: { environmentId, limit: 1 } };
      const [made, planned, published, connected, stored] = await Promise.all([
        body(core.GET('/orchestration/executables/tasks', { params })),
        body(core.GET('/orchestration/executables/plans', { params })),
        body(core.GET('/orchestration/artifacts', { params })),
        body(core.GET('/orchestration/connections', { params })),
        body(core.GET('/orchestration/resources', { params })),
      ]);
      return {
        tasks: made.total,
        plans: planned.total,
        artifacts: published.total,
        connections: connected.total,
        resources: stored.total,
      };
    },
    enabled: may,
  });

export const promotions = (may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'promotions'],
    queryFn: () => body(core.GET('/orchestration/executables/promotions')),
    enabled: may,
  });

export const promotion = (promotionId: string) =>
  queryOptions({
    queryKey: ['objects', 'promotion', promotionId],
    queryFn: () =>
      body(core.GET('/orchestration/executables/promotions/{promotionId}', { params: { path: { promotionId } } })),
  });

/** Analyses and runs of a promotion, newest first. */
export const promotionRuns = (promotionId: string) =>
  queryOptions({
    queryKey: ['objects', 'promotion-runs', promotionId],
    queryFn: () =>
      raw<{ items: PromotionRunLine[]; total: number }>(
        `/stoker/v1/promotions/${encodeURIComponent(promotionId)}/executions?limit=50`,
      ),
    refetchInterval: (query) =>
      query.state.data?.items.some((one) => one.status === 'PROMOTION_STARTED') ? 2_000 : false,
  });

/** One analysis or run with its report. */
export const promotionRun = (executionId: string) =>
  queryOptions({
    queryKey: ['objects', 'promotion-run', executionId],
    queryFn: () =>
      body(core.GET('/processing/executions/promotions/{executionId}', { params: { path: { executionId } } })),
    enabled: executionId !== '',
    refetchInterval: (query) => (query.state.data?.status === 'PROMOTION_STARTED' ? 1_000 : false),
  });

export const executors = (promotionId: string, may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'executors', promotionId],
    queryFn: () =>
      body(
        core.GET('/orchestration/executables/promotions/{promotionId}/users', { params: { path: { promotionId } } }),
      ),
    enabled: may,
  });

export const projects = (may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'projects'],
    queryFn: () =>
      whole<Project>((offset) =>
        body(core.GET('/orchestration/projects', { params: { query: { limit: PAGE, offset } } })),
      ),
    enabled: may,
  });

/** How many projects there are, as a page of them that is as small as can be. */
export const projectCount = () =>
  queryOptions({
    queryKey: ['objects', 'project-count'],
    queryFn: () => body(core.GET('/orchestration/projects', { params: { query: { limit: 1 } } })),
  });

export const project = (projectId: string) =>
  queryOptions({
    queryKey: ['objects', 'project', projectId],
    queryFn: () => body(core.GET('/orchestration/projects/{projectId}', { params: { path: { projectId } } })),
  });

export const projectUsers = (projectId: string) =>
  queryOptions({
    queryKey: ['objects', 'project-users', projectId],
    queryFn: async () =>
      (await body(core.GET('/orchestration/projects/{projectId}/users', { params: { path: { projectId } } })))
        .userIds ?? [],
  });

/** People of the account, for choosing one; only for whoever manages users. */
export const people = (may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'people'],
    queryFn: () => raw<Person[]>('/account/users?size=100'),
    enabled: may,
  });
