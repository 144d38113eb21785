/** Places of Gen2 engines, Dynamic Engines and their environments. */

import { createRoute, lazyRouteComponent, type Register, type RootRoute } from '@tanstack/react-router';
import { holds } from '../lib/address';

/** The routes, as children of the root. */
export function kindRoutes(root: RootRoute<Register>) {
  const gen2 = createRoute({
    getParentRoute: () => root,
    path: '/gen2-engines',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/gen2-engines'), 'Gen2Engines'),
  });
  const gen2One = createRoute({
    getParentRoute: () => root,
    path: '/gen2-engines/$id',
    component: lazyRouteComponent(() => import('../pages/gen2-engine'), 'Gen2EnginePage'),
  });
  const engines = createRoute({
    getParentRoute: () => root,
    path: '/dynamic-engines',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/dynamic-engines'), 'DynamicEngines'),
  });
  const engine = createRoute({
    getParentRoute: () => root,
    path: '/dynamic-engines/$id',
    component: lazyRouteComponent(() => import('../pages/dynamic-engine'), 'DynamicEnginePage'),
  });
  const places = createRoute({
    getParentRoute: () => root,
    path: '/dynamic-environments',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/dynamic-environments'), 'DynamicEnvironments'),
  });
  const place = createRoute({
    getParentRoute: () => root,
    path: '/dynamic-environments/$id',
    component: lazyRouteComponent(() => import('../pages/dynamic-environment'), 'DynamicEnvironmentPage'),
  });
  return [gen2, gen2One, engines, engine, places, place] as const;
}
