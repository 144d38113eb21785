/** What every page may ask for: who is signed in, in which environment and workspace, and how news come. */

import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import type { Session } from '../api/own';
import { environments, workspaces } from '../api/queries';
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

/** Whether the user holds one of these permissions, for showing only what can be used. The server decides. */
export function useMay(...any: string[]): boolean {
  const { session } = useShared();
  return any.some((permission) => session.permissions.includes(permission));
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
