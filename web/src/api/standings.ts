/** How tasks and plans stand, many at once: what lists say beside names. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { body, own } from './client';
import type { components as Own } from './generated/stoker';

export type TaskStanding = Own['schemas']['TaskStanding'];
export type PlanStanding = Own['schemas']['PlanStanding'];

/** Runs make it old, and what is changed of tasks, schedules and artifacts. */
const shared = { meta: { also: ['objects'] }, placeholderData: keepPreviousData };

export const taskStandings = (ids: string[]) =>
  queryOptions({
    queryKey: ['runs', 'task-standings', ids],
    queryFn: () => body(own.GET('/stoker/v1/tasks/standings', { params: { query: { ids: ids.join(',') } } })),
    enabled: ids.length > 0,
    ...shared,
  });

export const planStandings = (ids: string[]) =>
  queryOptions({
    queryKey: ['runs', 'plan-standings', ids],
    queryFn: () => body(own.GET('/stoker/v1/plans/standings', { params: { query: { ids: ids.join(',') } } })),
    enabled: ids.length > 0,
    ...shared,
  });
