/** Places of administration and of one's own profile. */

import { type AnyRoute, createRoute, lazyRouteComponent } from '@tanstack/react-router';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const holds =
  <K extends string>(...names: K[]) =>
  (search: Record<string, unknown>): { [Name in K]?: string } =>
    Object.fromEntries(names.map((name) => [name, text(search[name])])) as { [Name in K]?: string };

/** All of them, below the root of the console. */
export function adminRoutes<R extends AnyRoute>(root: R) {
  const getParentRoute = () => root;
  return [
    createRoute({
      getParentRoute,
      path: '/manage',
      component: lazyRouteComponent(() => import('../pages/admin/index'), 'Administration'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/users',
      validateSearch: holds('find', 'state', 'role'),
      component: lazyRouteComponent(() => import('../pages/admin/users'), 'Users'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/users/$id',
      component: lazyRouteComponent(() => import('../pages/admin/user'), 'UserPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/groups',
      validateSearch: holds('find'),
      component: lazyRouteComponent(() => import('../pages/admin/groups'), 'Groups'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/groups/$id',
      component: lazyRouteComponent(() => import('../pages/admin/groups'), 'GroupPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/roles',
      validateSearch: holds('find', 'kind'),
      component: lazyRouteComponent(() => import('../pages/admin/roles'), 'Roles'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/roles/new',
      validateSearch: holds('from'),
      component: lazyRouteComponent(() => import('../pages/admin/role'), 'NewRole'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/roles/$id',
      component: lazyRouteComponent(() => import('../pages/admin/role'), 'RolePage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/service-accounts',
      validateSearch: holds('find'),
      component: lazyRouteComponent(() => import('../pages/admin/service-accounts'), 'ServiceAccounts'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/service-accounts/$id',
      component: lazyRouteComponent(() => import('../pages/admin/service-account'), 'ServiceAccountPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/rights',
      validateSearch: holds('kind', 'workspace', 'who'),
      component: lazyRouteComponent(() => import('../pages/admin/rights'), 'RightsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/sign-in',
      component: lazyRouteComponent(() => import('../pages/admin/sign-in-rules'), 'SignInRules'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/audit',
      validateSearch: holds('from', 'to', 'actor', 'kind', 'object', 'text'),
      component: lazyRouteComponent(() => import('../pages/admin/audit'), 'Audit'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/audit/$id',
      component: lazyRouteComponent(() => import('../pages/admin/audit-event'), 'AuditEventPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/settings',
      component: lazyRouteComponent(() => import('../pages/admin/settings'), 'SettingsPage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/usage',
      component: lazyRouteComponent(() => import('../pages/admin/usage'), 'Usage'),
    }),
    createRoute({
      getParentRoute,
      path: '/manage/api',
      component: lazyRouteComponent(() => import('../pages/admin/api'), 'ApiReference'),
    }),
    createRoute({
      getParentRoute,
      path: '/profile',
      component: lazyRouteComponent(() => import('../pages/admin/profile'), 'Profile'),
    }),
  ] as const;
}
