/** What the pages of Gen2 engines, Dynamic Engines and their environments read. */

import { queryOptions } from '@tanstack/react-query';
import { body, core, dynamic } from './client';
import type { components as Core } from './generated/core';
import type { components as Dyn } from './generated/dynamic-engines';
import { PAGE, whole } from './queries';

export type Gen2Engine = Core['schemas']['PipelineEngine'];
export type DynamicPlace = Core['schemas']['DEEnvironment'];
export type DynamicEngine = Dyn['schemas']['DynamicEngineDetailsResponse'];
/** Where logs and metrics of an environment may go. */
export const STRATEGIES = ['NONE', 'CONTROL_PLANE', 'DYNAMIC_ENGINE'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const gen2Engine = (engineId: string) =>
  queryOptions({
    queryKey: ['engines', 'gen2', engineId],
    queryFn: () =>
      body(core.GET('/processing/runtimes/pipeline-engines/{engineId}', { params: { path: { engineId } } })),
  });

export const dynamicEngines = (may = true) =>
  queryOptions({
    queryKey: ['engines', 'dynamic'],
    queryFn: () => body(dynamic.GET('/processing/runtimes/dynamic-engines')),
    enabled: may,
  });

export const dynamicEngine = (id: string) =>
  queryOptions({
    queryKey: ['engines', 'dynamic', id],
    queryFn: () => body(dynamic.GET('/processing/runtimes/dynamic-engines/{id}', { params: { path: { id } } })),
  });

/** The status of the services in the cluster of a Dynamic Engine. */
export const dynamicServices = (dynamicEngineId: string, may: boolean) =>
  queryOptions({
    queryKey: ['engines', 'dynamic-services', dynamicEngineId],
    queryFn: () =>
      body(
        dynamic.GET('/processing/runtimes/dynamic-engines/{dynamicEngineId}/infra/status', {
          params: { path: { dynamicEngineId } },
        }),
      ),
    enabled: may,
  });

/** The environments of Dynamic Engines, by name. */
export const dynamicPlaces = (may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'dynamic-places'],
    queryFn: () =>
      whole<DynamicPlace>((offset) =>
        body(
          core.POST('/orchestration/dynamic-engine-environments/search', {
            body: { limit: PAGE, offset, sortBy: 'NAME', sortOrder: 'ASC' },
          }),
        ),
      ),
    enabled: may,
  });

export const dynamicPlace = (environmentId: string) =>
  queryOptions({
    queryKey: ['objects', 'dynamic-place', environmentId],
    queryFn: () =>
      body(
        core.GET('/orchestration/dynamic-engine-environments/{environmentId}', { params: { path: { environmentId } } }),
      ),
  });

/** Assigns an environment to a Dynamic Engine. */
export async function assign(environmentId: string, dynamicEngineId: string): Promise<void> {
  await body(
    core.POST('/orchestration/dynamic-engine-environments/{environmentId}/connection', {
      params: { path: { environmentId }, query: { dynamicEngineId } },
    }),
  );
}

/** Takes an environment off its Dynamic Engine. */
export async function unassign(environmentId: string): Promise<void> {
  await body(
    core.DELETE('/orchestration/dynamic-engine-environments/{environmentId}/connection', {
      params: { path: { environmentId } },
    }),
  );
}
