/** What the pages of infrastructure and catalogue read. The first part of each key is its topic, as in `queries.ts`. */

import { queryOptions } from '@tanstack/react-query';
import { identity } from './admin';
import { body, core, own } from './client';
import type { components as Core } from './generated/core';
import type { components as Own } from './generated/stoker';
import { PAGE, whole } from './queries';

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
export type PromotionRunLine = Omit<Own['schemas']['PromotionRunLine'], 'advanced'> & {
  advanced?: { artifactType: string; artifactId: string };
};

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

export const connection = (connectionId: string) =>
  queryOptions({
    queryKey: ['objects', 'connection', connectionId],
    queryFn: () => body(core.GET('/orchestration/connections/{connectionId}', { params: { path: { connectionId } } })),
  });

export const resource = (resourceId: string) =>
  queryOptions({
    queryKey: ['objects', 'resource', resourceId],
    queryFn: () => body(core.GET('/orchestration/resources/{resourceId}', { params: { path: { resourceId } } })),
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
      body(
        own.GET('/stoker/v1/promotions/{id}/executions', {
          params: { path: { id: promotionId }, query: { limit: 50 } },
        }),
      ) as Promise<{ items: PromotionRunLine[]; total: number }>,
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

export const projectGroups = (projectId: string) =>
  queryOptions({
    queryKey: ['objects', 'project-groups', projectId],
    queryFn: async () =>
      (await body(core.GET('/orchestration/projects/{projectId}/groups', { params: { path: { projectId } } })))
        .groupIds ?? [],
  });

/** People of the account, for choosing one; only for whoever manages users. */
export const people = (may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'people'],
    queryFn: async () => {
      const all = await body(identity.GET('/account/users', { params: { query: { size: PAGE } } }));
      return all.map(({ id = '', login = '' }) => ({ id, login }));
    },
    enabled: may,
  });
