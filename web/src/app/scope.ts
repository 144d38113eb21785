/** The environment and workspace that somebody has chosen, for this browser. */

import type { Environment, Workspace } from '../api/queries';

const KEY = 'stoker.scope';
const listeners = new Set<() => void>();

interface Scope {
  environmentId?: string;
  workspaceId?: string;
}

let remembered = '';

/** The choice as it is kept; empty when there was none. */
export function readScope(): string {
  try {
    return window.localStorage.getItem(KEY) ?? remembered;
  } catch {
    return remembered;
  }
}

/** Chooses environment and workspace. */
export function setScope(scope: Scope): void {
  remembered = JSON.stringify(scope);
  try {
    window.localStorage.setItem(KEY, remembered);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
  for (const listener of listeners) listener();
}

/** Tells of choices until the answer is called. */
export function onScope(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What a choice means among what there is: the first environment when none was chosen or it is gone, and all workspaces. */
export function chosen(text: string, environments: Environment[], workspaces: Workspace[]) {
  let wanted: Scope = {};
  try {
    wanted = JSON.parse(text || '{}') as Scope;
  } catch {
    wanted = {};
  }
  const environment =
    environments.find((one) => one.id === wanted.environmentId) ??
    environments.find((one) => one.default) ??
    environments[0];
  const inside = workspaces.filter((one) => one.environment?.id === environment?.id);
  const workspace = inside.find((one) => one.id === wanted.workspaceId);
  return {
    environments,
    workspaces: inside,
    environment,
    workspace,
    ready: environment !== undefined,
    /** The parameters of lists. */
    query: { environmentId: environment?.id, workspaceId: workspace?.id },
  };
}
