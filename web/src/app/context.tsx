/** What every page may ask for: who is signed in, in which environment and workspace, and how news come. */

import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import type { Session } from '../api/own';
import { environments, task, workspaces } from '../api/queries';
import { plan } from '../api/work';
import type { Live } from './live';

interface Shared {
  session: Session;
  live: Live;
}

const Context = createContext<Shared | undefined>(undefined);
export const SharedProvider = Context.Provider;

/** Session and live connection; only below the sign-in. */
export function useShared(): Shared {
  const shared = useContext(Context);
  if (!shared) throw new Error('this part needs a signed-in user');
  return shared;
}

/** The address under which programs elsewhere reach the server; that of this page, unless it was told. */
export function usePublicUrl(): string {
  return useShared().session.publicUrl || window.location.origin;
}

/** Whether the user holds one of these permissions, for showing only what can be used. The server decides. */
export function useMay(...any: string[]): boolean {
  const { session } = useShared();
  return any.some((permission) => session.permissions.includes(permission));
}

/** What somebody may do on a workspace. */
export type Right = 'AUTHOR' | 'EXECUTE' | 'VIEW' | 'MANAGE' | 'PUBLISH';

/** Whether the user holds one of these rights on a workspace, for showing only what can be used. */
export function useRight(workspaceId: string | undefined, ...any: Right[]): boolean {
  const { session } = useShared();
  const held = session.rights.find((one) => one.workspaceId === workspaceId)?.rights ?? [];
  return any.some((right) => held.includes(right));
}

/** The workspaces of the chosen environment, or the chosen one, on which the user holds one of these rights. */
export function useWorkspacesWith(...any: Right[]) {
  const { session } = useShared();
  const { workspaces: inside, workspace } = useScope();
  const held = new Map(session.rights.map((one) => [one.workspaceId, one.rights]));
  const found = inside.filter((one) => any.some((right) => held.get(one.id ?? '')?.includes(right)));
  return workspace ? found.filter((one) => one.id === workspace.id) : found;
}

/** Whether the user may change a schedule: by the place of what it starts, or by any place when it starts nothing. */
export function useScheduleRight(target: string | undefined): boolean {
  const { session } = useShared();
  const { workspaces: inside } = useScope();
  const may = useMay('TMC_OPERATOR');
  // Ids of plans are UUIDs, those of tasks are not.
  const isPlan = target?.includes('-') ?? false;
  const single = useQuery({ ...task(target ?? ''), enabled: target !== undefined && !isPlan && may });
  const planned = useQuery({ ...plan(target ?? ''), enabled: target !== undefined && isPlan && may });
  const of = isPlan ? planned.data : single.data;
  const places = target === undefined ? inside.map((one) => one.id) : [of?.workspace?.id];
  const held = session.rights.filter((one) => one.rights.includes('EXECUTE')).map((one) => one.workspaceId);
  return may && places.some((id) => id !== undefined && held.includes(id));
}

const KEY = 'stoker.scope';
const listeners = new Set<() => void>();

interface Scope {
  environmentId?: string;
  workspaceId?: string;
}

let remembered = '';

function read(): string {
  try {
    return window.localStorage.getItem(KEY) ?? remembered;
  } catch {
    return remembered;
  }
}

/** Chooses environment and workspace, for this browser. */
export function setScope(scope: Scope): void {
  remembered = JSON.stringify(scope);
  try {
    window.localStorage.setItem(KEY, remembered);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The chosen environment (the first one when none was chosen or it is gone) and workspace (all when none). */
export function useScope() {
  const text = useSyncExternalStore(subscribe, read);
  const all = useQuery(environments());
  const inside = useQuery(workspaces());
  return useMemo(() => {
    let wanted: Scope = {};
    try {
      wanted = JSON.parse(text || '{}') as Scope;
    } catch {
      wanted = {};
    }
    const list = all.data ?? [];
    const environment =
      list.find((one) => one.id === wanted.environmentId) ?? list.find((one) => one.default) ?? list[0];
    const spaces = (inside.data ?? []).filter((one) => one.environment?.id === environment?.id);
    const workspace = spaces.find((one) => one.id === wanted.workspaceId);
    return {
      environments: list,
      workspaces: spaces,
      environment,
      workspace,
      ready: environment !== undefined,
      /** The parameters of lists. */
      query: { environmentId: environment?.id, workspaceId: workspace?.id },
    };
  }, [text, all.data, inside.data]);
}
