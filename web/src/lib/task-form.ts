/** A task while it is typed, and storing it: what it is, and how it runs. */

import { body, core } from '../api/client';
import type { RunConfig, Task } from '../api/queries';

type PlaceType = 'REMOTE_ENGINE' | 'REMOTE_ENGINE_CLUSTER';

/** What a task is, as it is typed. */
export interface What {
  name: string;
  description: string;
  tags: string;
  version: string;
  upgrade: boolean;
  override: boolean;
  parameters: Record<string, string>;
  /** Ids of connections by their keys. */
  connections: Record<string, string>;
  /** Ids of resources by their keys. */
  resources: Record<string, string>;
}

/** How a task runs, as it is typed. */
export interface How {
  place?: { type: PlaceType; id: string };
  logLevel: string;
  timeout: string;
  parallel: boolean;
  /** Id of the run profile; empty for the usual settings. */
  profile: string;
  /** User of the system who the job runs as; empty for that of the engine. */
  runAs: string;
}

/** Levels from which a run keeps its log. */
export const LEVELS = ['INFO', 'WARN', 'ERROR', 'OFF'];
const PLACES = ['REMOTE_ENGINE', 'REMOTE_ENGINE_CLUSTER'];

/** What a stored task is. */
export function whatOf(it: Task): What {
  return {
    name: it.name,
    description: it.description ?? '',
    tags: (it.tags ?? []).join(', '),
    version: it.artifact.version,
    upgrade: it.autoUpgradeInfo?.autoUpgradable === true,
    override: it.autoUpgradeInfo?.overrideWithDefaultParameters === true,
    parameters: (it.parameters ?? {}) as Record<string, string>,
    connections: (it.connections ?? {}) as Record<string, string>,
    resources: (it.resources ?? {}) as Record<string, string>,
  };
}

/** How a stored task runs. */
export function howOf(config: RunConfig | undefined): How {
  const runtime = config?.runtime;
  return {
    place:
      runtime?.id && runtime.type && PLACES.includes(runtime.type)
        ? { type: runtime.type as PlaceType, id: runtime.id }
        : undefined,
    logLevel: config?.logLevel ?? 'WARN',
    timeout: config?.timeout ? String(config.timeout) : '',
    parallel: config?.parallelExecutionAllowed === true,
    profile: runtime?.runProfileId ?? '',
    runAs: config?.remoteRunAsUser ?? '',
  };
}

/** Stores what it is; `secret` names the parameters whose values are never shown. */
export async function storeWhat(it: Task, draft: What, secret: Set<string>): Promise<void> {
  const stored = (it.parameters ?? {}) as Record<string, string>;
  // Secret values are never shown. One that was left alone is sent empty, which keeps what is stored.
  const parameters = { ...draft.parameters };
  for (const name of secret) if (name in stored && !parameters[name]) parameters[name] = '';
  const request = {
    workspaceId: it.workspace?.id ?? '',
    name: draft.name.trim(),
    description: draft.description,
    tags: draft.tags
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
    artifact: { id: it.artifact.id, version: draft.version },
    parameters,
    connections: draft.connections,
    resources: draft.resources,
    autoUpgradeInfo: { autoUpgradable: draft.upgrade, overrideWithDefaultParameters: draft.override },
  };
  await body(
    core.PUT('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId: it.id } }, body: request }),
  );
}

/** A copy of a task, as it is asked for. Secret values are never shown: only what is typed anew is in it. */
export function copyOf(it: Task, as: { name: string; workspaceId: string; secrets: Record<string, string> }) {
  const values = Object.entries({ ...it.parameters, ...as.secrets } as Record<string, string>);
  return {
    name: as.name,
    workspaceId: as.workspaceId,
    environmentId: it.workspace?.environment?.id ?? '',
    description: it.description ?? '',
    tags: it.tags,
    artifact: { id: it.artifact.id, version: it.artifact.version },
    parameters: Object.fromEntries(values.filter(([, value]) => value !== '')),
    connections: it.connections,
    resources: it.resources,
    autoUpgradeInfo: it.autoUpgradeInfo,
  };
}

/** Stores how it runs; a task without a place stays a draft. */
export async function storeHow(taskId: string, draft: How, config: RunConfig | undefined): Promise<void> {
  if (!draft.place) return;
  const timeout = draft.timeout.trim();
  const request = {
    trigger: config?.trigger ?? ({ type: 'MANUAL' } as RunConfig['trigger']),
    runtime: {
      type: draft.place.type,
      id: draft.place.id,
      runProfileId: draft.profile || undefined,
    },
    parallelExecutionAllowed: draft.parallel,
    logLevel: draft.logLevel as RunConfig['logLevel'],
    remoteRunAsUser: draft.runAs.trim() || undefined,
    // What is no number is sent as it is, so that the server says what is wrong with it.
    timeout: timeout === '' ? undefined : Number.isFinite(Number(timeout)) ? Number(timeout) : (timeout as never),
  };
  const params = { path: { taskId } };
  await body(core.PUT('/orchestration/executables/tasks/{taskId}/run-config', { params, body: request }));
}
