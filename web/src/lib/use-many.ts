/** Choosing one of many by its name: few are known at once, of more the server finds what is typed. */

import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { artifactPage, connectionPage, type Page, planPage, resourcePage, schedulePage, taskPage } from '../api/pages';
import type { ScopeQuery } from '../api/queries';
import { w } from '../texts/work';

/** What can be chosen. */
export type Kind = 'task' | 'plan' | 'artifact' | 'connection' | 'resource' | 'schedule';

/** An entry of a field for choosing. */
export interface Choice {
  value: string;
  label: string;
  /** Where it is, for telling apart those of the same name. */
  place?: string;
  workspaceId?: string;
  /** Whether it can be started now; told of tasks and plans. */
  paused?: boolean;
  /** Whether something else has it already; told of schedules. */
  taken?: boolean;
  /** What a connection leads to. */
  app?: string;
  /** Whether it is a file; told of resources. */
  file?: boolean;
}

const WAIT_MS = 200;

interface Source {
  queryKey: readonly unknown[];
}

function question(kind: Kind, scope: ScopeQuery, text: string): Source {
  const name = text.trim() || undefined;
  if (kind === 'task') return taskPage({ ...scope, name }, 0);
  if (kind === 'plan') return planPage({ ...scope, name }, 0);
  if (kind === 'artifact') return artifactPage({ ...scope, name }, 0);
  if (kind === 'connection') return connectionPage({ ...scope, name }, 0);
  if (kind === 'resource') return resourcePage({ ...scope, name }, 0);
  return schedulePage(scope.environmentId, name, 0);
}

interface Found {
  id?: string;
  executable?: string;
  name?: string;
  description?: string;
  executableId?: string;
  workspace?: { id?: string; name?: string };
  app?: string;
  file?: boolean;
  taskPauseDetails?: { pause?: boolean };
  planPauseDetails?: { pause?: boolean };
}

function choice(one: Found): Choice {
  return {
    value: one.executable ?? one.id ?? '',
    label: one.name || one.description || w.schedule.unnamed,
    place: one.workspace?.name,
    workspaceId: one.workspace?.id,
    app: one.app,
    file: one.file,
    paused: one.taskPauseDetails?.pause ?? one.planPauseDetails?.pause,
    taken: Boolean(one.executableId),
  };
}

/** What fits a text, at most a page of it, and how many more there are. */
export function useMany(kind: Kind, scope: ScopeQuery, text: string, enabled = true) {
  const [wanted] = useDebouncedValue(text.trim(), WAIT_MS);
  const ready = enabled && scope.environmentId !== undefined;
  const all = useQuery({ ...(question(kind, scope, '') as object), enabled: ready } as never) as {
    data?: Page<Found>;
    error: unknown;
  };
  const many = all.data !== undefined && all.data.total > all.data.items.length;
  const some = useQuery({
    ...(question(kind, scope, wanted) as object),
    enabled: ready && many && wanted !== '',
  } as never) as { data?: Page<Found>; isFetching: boolean };
  const page = many && wanted !== '' ? some.data : all.data;
  const choices = useMemo(() => (page?.items ?? []).map(choice), [page]);
  return {
    choices,
    /** Undefined until the first answer. */
    total: all.data?.total,
    /** How many fit beside those that are given. */
    more: page ? page.total - page.items.length : 0,
    /** Whether the server has done the looking; else it is to be done here. */
    searched: many,
    looking: ready && page === undefined && !all.error,
    error: all.error,
  };
}
