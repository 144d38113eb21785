/** Lists that can be long, a page at a time: the server looks for what is wanted. */

import { queryOptions } from '@tanstack/react-query';
import { body, core } from './client';
import type { Connection, Project, Resource } from './infra';
import { type Artifact, PAGE, type PlanItem, type Schedule, type ScopeQuery, type TaskItem } from './queries';

/** A part of a list, with how long the list is. */
export interface Page<T> {
  items: T[];
  total: number;
}

/** What a list of tasks is narrowed to. */
export interface TaskFilter extends ScopeQuery {
  /** Part of the name. */
  name?: string;
  artifactId?: string;
  /** An engine or a cluster. */
  runtimeId?: string;
  /** One that it uses. */
  connectionId?: string;
  resourceId?: string;
  tags?: string[];
  triggerType?: 'no_trigger' | 'daily' | 'weekly' | 'monthly' | 'once' | 'webhook' | 'cron';
}

/** A workspace says which environment it is in; the search takes only one of both. */
function inside(filter: TaskFilter): TaskFilter {
  return filter.workspaceId ? { ...filter, environmentId: undefined } : filter;
}

/** Tasks by name. */
export const taskPage = (filter: TaskFilter, number: number, size = PAGE) =>
  queryOptions({
    queryKey: ['objects', 'task-page', filter, number, size],
    queryFn: (): Promise<Page<TaskItem>> =>
      body(
        core.POST('/orchestration/executables/tasks/search', {
          body: { ...inside(filter), limit: size, offset: number * size },
        }),
      ),
    enabled: filter.environmentId !== undefined,
  });

/** What the other lists are narrowed to: a place, and a part of the name. */
export interface NameFilter extends ScopeQuery {
  name?: string;
}

/** What a list of plans is narrowed to. */
export interface PlanFilter extends NameFilter {
  /** One that it runs. */
  taskId?: string;
}

/** Plans by name. */
export const planPage = (filter: PlanFilter, number: number) =>
  queryOptions({
    queryKey: ['objects', 'plan-page', filter, number],
    queryFn: (): Promise<Page<PlanItem>> =>
      body(
        core.GET('/orchestration/executables/plans', {
          params: { query: { ...filter, limit: PAGE, offset: number * PAGE } },
        }),
      ),
    enabled: filter.environmentId !== undefined,
  });

/** The parameters of a page of the catalogue. */
function paged({ name, ...place }: NameFilter, number: number) {
  return { params: { query: { ...place, nameContains: name, limit: PAGE, offset: number * PAGE } } };
}

/** Artifacts by name. */
export const artifactPage = (filter: NameFilter, number: number) =>
  queryOptions({
    queryKey: ['objects', 'artifact-page', filter, number],
    queryFn: (): Promise<Page<Artifact>> => body(core.GET('/orchestration/artifacts', paged(filter, number))),
    enabled: filter.environmentId !== undefined,
  });

/** Connections by name. */
export const connectionPage = (filter: NameFilter, number: number, may = true) =>
  queryOptions({
    queryKey: ['objects', 'connection-page', filter, number],
    queryFn: (): Promise<Page<Connection>> => body(core.GET('/orchestration/connections', paged(filter, number))),
    enabled: may && filter.environmentId !== undefined,
  });

/** Resources by name. */
export const resourcePage = (filter: NameFilter, number: number, may = true) =>
  queryOptions({
    queryKey: ['objects', 'resource-page', filter, number],
    queryFn: (): Promise<Page<Resource>> => body(core.GET('/orchestration/resources', paged(filter, number))),
    enabled: may && filter.environmentId !== undefined,
  });

/** Projects by name. */
export const projectPage = (name: string | undefined, number: number, may: boolean) =>
  queryOptions({
    queryKey: ['objects', 'project-page', name, number],
    queryFn: (): Promise<Page<Project>> => body(core.GET('/orchestration/projects', paged({ name }, number))),
    enabled: may,
  });

/** A text as an expression that looks for exactly it, however it is written. */
export function literally(text: string | undefined): string | undefined {
  return text ? `(?i)${text.replace(/[\\^$.*+?()[\]{}|#&~-]/g, '\\$&')}` : undefined;
}

/** Schedules by age; `text` is part of the description. */
export const schedulePage = (environmentId: string | undefined, text: string | undefined, number: number) =>
  queryOptions({
    queryKey: ['objects', 'schedule-page', environmentId, text, number],
    queryFn: (): Promise<Page<Schedule>> => {
      const query = { environmentId, descriptionFilter: literally(text), limit: PAGE, offset: number * PAGE };
      return body(core.GET('/orchestration/schedules', { params: { query: query as never } }));
    },
    enabled: environmentId !== undefined,
  });

/** The schedule of a task or plan; null when it has none. */
export const scheduleOf = (target: { id: string; plan: boolean }) =>
  queryOptions({
    queryKey: ['objects', 'schedule-of', target.id],
    queryFn: async (): Promise<Schedule | null> => {
      const answer = target.plan
        ? core.GET('/orchestration/executables/plans/{planId}/schedule', { params: { path: { planId: target.id } } })
        : core.GET('/orchestration/executables/tasks/{taskId}/schedule', { params: { path: { taskId: target.id } } });
      const { response } = await answer;
      if (response.status === 204 || response.status === 404) return null;
      return ((await body(answer as never)) as Schedule | undefined) ?? null;
    },
  });

/** The name of a task or plan. Hints do not renew it: lists show many, and names change seldom. */
export const executableName = (id: string, plan: boolean) =>
  queryOptions({
    queryKey: ['names', id],
    queryFn: async () => {
      const one = plan
        ? body(core.GET('/orchestration/executables/plans/{planId}', { params: { path: { planId: id } } }))
        : body(core.GET('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId: id } } }));
      return (await one).name ?? id;
    },
    staleTime: 30_000,
    retry: false,
  });

export const artifact = (artifactId: string) =>
  queryOptions({
    queryKey: ['objects', 'one-artifact', artifactId],
    queryFn: () => body(core.GET('/orchestration/artifacts/{artifactId}', { params: { path: { artifactId } } })),
    enabled: artifactId !== '',
  });
