/** Places of plans, schedules and tasks beyond those of `router.tsx`. */

import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The routes below the frame. */
export function workRoutes<R extends AnyRoute>(root: R) {
  return [
    createRoute({
      getParentRoute: () => root,
      path: '/plans/new',
      component: lazyRouteComponent(() => import('../pages/plan-edit'), 'NewPlan'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/plans/$id/edit',
      component: lazyRouteComponent(() => import('../pages/plan-edit'), 'EditPlan'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/tasks/$id/edit',
      component: lazyRouteComponent(() => import('../pages/task-edit'), 'EditTask'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/schedules',
      validateSearch: (search: Record<string, unknown>): { view?: string; month?: string; name?: string } => ({
        view: text(search.view),
        month: text(search.month),
        name: text(search.name),
      }),
      component: lazyRouteComponent(() => import('../pages/schedules'), 'Schedules'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/schedules/new',
      validateSearch: (search: Record<string, unknown>): { for?: string } => ({ for: text(search.for) }),
      component: lazyRouteComponent(() => import('../pages/schedule-new'), 'NewSchedule'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/schedules/$id',
      validateSearch: (search: Record<string, unknown>): { from?: string } => ({ from: text(search.from) }),
      component: lazyRouteComponent(() => import('../pages/schedule'), 'SchedulePage'),
    }),
  ] as const;
}
