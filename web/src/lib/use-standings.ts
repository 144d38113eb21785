/** How the rows of a list of tasks or plans stand: one question for each page that is loaded. */

import { useQueries } from '@tanstack/react-query';
import { type PlanStanding, planStandings, type TaskStanding, taskStandings } from '../api/standings';

function byId<T extends { id: string }>(found: { data?: T[] }[]): Map<string, T> {
  return new Map(found.flatMap(({ data }) => data ?? []).map((one) => [one.id, one]));
}

/** Of tasks, by id; `pages` are the ids that were loaded together. */
export function useTaskStandings(pages: string[][]): Map<string, TaskStanding> {
  return useQueries({ queries: pages.map((ids) => taskStandings(ids)), combine: byId });
}

/** Of plans, by id. */
export function usePlanStandings(pages: string[][]): Map<string, PlanStanding> {
  return useQueries({ queries: pages.map((ids) => planStandings(ids)), combine: byId });
}
