/** Places of the API tester. */

import { createRoute, lazyRouteComponent, type Register, type RootRoute } from '@tanstack/react-router';
import { holds } from '../lib/address';
import './tester.css';
import './tester-narrow.css';

/** The routes, as children of the root. */
export function testerRoutes(root: RootRoute<Register>) {
  const list = createRoute({
    getParentRoute: () => root,
    path: '/tester',
    component: lazyRouteComponent(() => import('../pages/tester/projects'), 'TesterProjects'),
  });
  const history = createRoute({
    getParentRoute: () => root,
    path: '/tester/history',
    validateSearch: holds('find', 'outcome'),
    component: lazyRouteComponent(() => import('../pages/tester/history'), 'TesterHistory'),
  });
  const reference = createRoute({
    getParentRoute: () => root,
    path: '/tester/reference',
    validateSearch: holds('document', 'find'),
    component: lazyRouteComponent(() => import('../pages/tester/reference'), 'TesterReference'),
  });
  const run = createRoute({
    getParentRoute: () => root,
    path: '/tester/runs/$id',
    component: lazyRouteComponent(() => import('../pages/tester/run'), 'TesterRun'),
  });
  const project = createRoute({
    getParentRoute: () => root,
    path: '/tester/projects/$id',
    validateSearch: holds('at', 'part', 'env', 'run'),
    component: lazyRouteComponent(() => import('../pages/tester/project'), 'TesterProject'),
  });
  return [list, history, reference, run, project] as const;
}
