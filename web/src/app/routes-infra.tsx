/** Places of infrastructure and catalogue: engines, clusters, run profiles, connections, resources, environments,
 * promotions, projects. */

import { createRoute, lazyRouteComponent, type Register, type RootRoute } from '@tanstack/react-router';
import { holds } from '../lib/address';
import './infra.css';

/** The routes, as children of the root. */
export function infraRoutes(root: RootRoute<Register>) {
  const engines = createRoute({
    getParentRoute: () => root,
    path: '/engines',
    validateSearch: holds('name', 'state'),
    component: lazyRouteComponent(() => import('../pages/engines'), 'Engines'),
  });
  const engine = createRoute({
    getParentRoute: () => root,
    path: '/engines/$id',
    validateSearch: holds('tab'),
    component: lazyRouteComponent(() => import('../pages/engine'), 'EnginePage'),
  });
  const clusters = createRoute({
    getParentRoute: () => root,
    path: '/clusters',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/clusters'), 'Clusters'),
  });
  const cluster = createRoute({
    getParentRoute: () => root,
    path: '/clusters/$id',
    component: lazyRouteComponent(() => import('../pages/cluster'), 'ClusterPage'),
  });
  const profiles = createRoute({
    getParentRoute: () => root,
    path: '/run-profiles',
    validateSearch: holds('name', 'of'),
    component: lazyRouteComponent(() => import('../pages/run-profiles'), 'RunProfiles'),
  });
  const connections = createRoute({
    getParentRoute: () => root,
    path: '/manage/connections',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/connections'), 'Connections'),
  });
  const connection = createRoute({
    getParentRoute: () => root,
    path: '/manage/connections/$id',
    component: lazyRouteComponent(() => import('../pages/connection'), 'ConnectionPage'),
  });
  const resources = createRoute({
    getParentRoute: () => root,
    path: '/manage/resources',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/resources'), 'Resources'),
  });
  const resource = createRoute({
    getParentRoute: () => root,
    path: '/manage/resources/$id',
    component: lazyRouteComponent(() => import('../pages/resource'), 'ResourcePage'),
  });
  const environments = createRoute({
    getParentRoute: () => root,
    path: '/manage/environments',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/environments'), 'Environments'),
  });
  const environment = createRoute({
    getParentRoute: () => root,
    path: '/manage/environments/$id',
    component: lazyRouteComponent(() => import('../pages/environment'), 'EnvironmentPage'),
  });
  const promotions = createRoute({
    getParentRoute: () => root,
    path: '/manage/promotions',
    component: lazyRouteComponent(() => import('../pages/promotions'), 'Promotions'),
  });
  const promotion = createRoute({
    getParentRoute: () => root,
    path: '/manage/promotions/$id',
    validateSearch: holds('run'),
    component: lazyRouteComponent(() => import('../pages/promotion'), 'PromotionPage'),
  });
  const projects = createRoute({
    getParentRoute: () => root,
    path: '/manage/projects',
    validateSearch: holds('name'),
    component: lazyRouteComponent(() => import('../pages/projects'), 'Projects'),
  });
  const project = createRoute({
    getParentRoute: () => root,
    path: '/manage/projects/$id',
    component: lazyRouteComponent(() => import('../pages/project'), 'ProjectPage'),
  });
  return [
    engines,
    engine,
    clusters,
    cluster,
    profiles,
    connections,
    connection,
    resources,
    resource,
    environments,
    environment,
    promotions,
    promotion,
    projects,
    project,
  ] as const;
}
