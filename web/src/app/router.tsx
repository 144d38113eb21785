/** Every place of the console and what its address may hold. Pages are loaded when they are first opened. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { holds } from '../lib/address';
import { RUN_KEYS } from '../lib/run-search';
import { adminRoutes } from './routes-admin';
import { infraRoutes } from './routes-infra';
import { kindRoutes } from './routes-kinds';
import { testerRoutes } from './routes-tester';
import { workRoutes } from './routes-work';
import { NotFound, PageError, Shell } from './shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageError });

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview'), 'Overview'),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: holds(...RUN_KEYS),
  component: lazyRouteComponent(() => import('../pages/runs'), 'Runs'),
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$id',
  validateSearch: holds('level', 'find', 'line'),
  component: lazyRouteComponent(() => import('../pages/run'), 'RunPage'),
});

const planRun = createRoute({
  getParentRoute: () => root,
  path: '/plan-runs/$id',
  component: lazyRouteComponent(() => import('../pages/plan-run'), 'PlanRunPage'),
});

const tasks = createRoute({
  getParentRoute: () => root,
  path: '/tasks',
  validateSearch: holds('name', 'artifact', 'place', 'starts', 'tag', 'connection', 'resource'),
  component: lazyRouteComponent(() => import('../pages/tasks'), 'Tasks'),
});

const newTask = createRoute({
  getParentRoute: () => root,
  path: '/tasks/new',
  validateSearch: holds('artifact', 'task'),
  component: lazyRouteComponent(() => import('../pages/task-new'), 'NewTask'),
});

const task = createRoute({
  getParentRoute: () => root,
  path: '/tasks/$id',
  validateSearch: holds('run'),
  component: lazyRouteComponent(() => import('../pages/task'), 'TaskPage'),
});

const plans = createRoute({
  getParentRoute: () => root,
  path: '/plans',
  validateSearch: holds('name'),
  component: lazyRouteComponent(() => import('../pages/plans'), 'Plans'),
});

const plan = createRoute({
  getParentRoute: () => root,
  path: '/plans/$id',
  component: lazyRouteComponent(() => import('../pages/plans'), 'PlanPage'),
});

const artifacts = createRoute({
  getParentRoute: () => root,
  path: '/artifacts',
  validateSearch: holds('name'),
  component: lazyRouteComponent(() => import('../pages/artifacts'), 'Artifacts'),
});

const artifact = createRoute({
  getParentRoute: () => root,
  path: '/artifacts/$id',
  component: lazyRouteComponent(() => import('../pages/artifacts'), 'ArtifactPage'),
});

/** Addresses hold plain texts, so that they can be read and typed. */
function stringify(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const text = new URLSearchParams(given).toString();
  return text ? `?${text}` : '';
}

export const router = createRouter({
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: stringify,
  routeTree: root.addChildren([
    overview,
    runs,
    run,
    planRun,
    tasks,
    newTask,
    task,
    plans,
    plan,
    ...workRoutes(root),
    artifacts,
    artifact,
    ...infraRoutes(root),
    ...kindRoutes(root),
    ...testerRoutes(root),
    ...adminRoutes(root),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
