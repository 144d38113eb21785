/** What every page may ask for: who is signed in, in which environment and workspace, and how news come. */

import { useQuery } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from 'react';
import type { Session } from '../api/own';
import { environments, task, workspaces } from '../api/queries';
import { plan } from '../api/work';
import type { Live } from './live';
import { chosen, onScope, readScope } from './scope';

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

/** Tells of any workspace whether the user holds a right there. */
export function useHolds(): (workspaceId: string | undefined, right: Right) => boolean {
  const { session } = useShared();
  return useCallback(
    (workspaceId, right) =>
      session.rights.find((one) => one.workspaceId === workspaceId)?.rights.includes(right) === true,
    [session.rights],
  );
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

/** The chosen environment (the first one when none was chosen or it is gone) and workspace (all when none). */
export function useScope() {
  const text = useSyncExternalStore(onScope, readScope);
  const all = useQuery(environments());
  const inside = useQuery(workspaces());
  return useMemo(() => chosen(text, all.data ?? [], inside.data ?? []), [text, all.data, inside.data]);
}
