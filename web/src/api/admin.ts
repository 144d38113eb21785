/** What the pages of administration read. Lists here go by page number, with their length in a header. */

import { queryOptions } from '@tanstack/react-query';
import createClient from 'openapi-fetch';
import { body, core, options, own, Problem, raw } from './client';
import type { components as Identity, paths as IdentityPaths } from './generated/identity';
import type { components as Service, paths as ServicePaths } from './generated/service-accounts';
import type { components as Own } from './generated/stoker';
import { PAGE, whole } from './queries';

/** Users, groups, roles, security settings. */
export const identity = createClient<IdentityPaths>(options);
/** Service accounts. */
export const accounts = createClient<ServicePaths>(options);

type S = Identity['schemas'];
export type User = S['UserResponse'];
export type NewUser = S['User'];
export type Group = S['Group'];
export type Role = S['Role'];
export type Me = S['MeResponse'];
export type Allowlist = S['IpAllowlist'];
export type IpEntry = S['IpEntry'];
export type RoleMapping = S['RoleMapping'];
export type Grant = S['Permission'];
export type ServiceAccount = Service['schemas']['ServiceAccount'];
/** What is sent of a service account; the document has one shape for both ways. */
export type ServiceAccountWish = ServiceAccount;
export type Token = Own['schemas']['PersonalToken'];

interface Answer<T> {
  data?: T[];
  error?: unknown;
  response: Response;
}

/** All of a list that goes by page number. */
function listed<T>(ask: (query: { page: number; size: number }) => Promise<Answer<T>>): Promise<T[]> {
  return whole(async (offset) => {
    const answer = await ask({ page: offset / PAGE + 1, size: PAGE });
    const items = await body(Promise.resolve(answer));
    return { items, total: Number(answer.response.headers.get('total-elements') ?? items.length) };
  });
}

/** All users by login. */
export const users = () =>
  queryOptions({
    queryKey: ['objects', 'users'],
    queryFn: () => listed<User>((query) => identity.GET('/account/users', { params: { query } })),
  });

export const user = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'user', id],
    queryFn: () => body(identity.GET('/account/users/{id}', { params: { path: { id } } })),
  });

export const groupsOf = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'user-groups', id],
    queryFn: () =>
      listed<Group>((query) => identity.GET('/account/users/{id}/groups', { params: { path: { id }, query } })),
  });

export const tokensOf = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'user-tokens', id],
    queryFn: () => body(own.GET('/stoker/v1/users/{id}/tokens', { params: { path: { id } } })),
  });

/** All groups by name. */
export const groups = () =>
  queryOptions({
    queryKey: ['objects', 'groups'],
    queryFn: () => listed<Group>((query) => identity.GET('/account/groups', { params: { query } })),
  });

export const group = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'group', id],
    queryFn: () => body(identity.GET('/account/groups/{id}', { params: { path: { id } } })),
  });

export const membersOf = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'group-users', id],
    queryFn: () =>
      listed<User>((query) => identity.GET('/account/groups/{id}/users', { params: { path: { id }, query } })),
  });

/** All roles by name. */
export const roles = () =>
  queryOptions({
    queryKey: ['objects', 'roles'],
    queryFn: () => listed<Role>((query) => identity.GET('/account/roles', { params: { query } })),
  });

export const role = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'role', id],
    queryFn: () => body(identity.GET('/account/roles/{id}', { params: { path: { id } } })),
  });

export const holdersOf = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'role-users', id],
    queryFn: () =>
      listed<User>((query) => identity.GET('/account/roles/{id}/users', { params: { path: { id }, query } })),
  });

export const serviceAccounts = () =>
  queryOptions({
    queryKey: ['objects', 'service-accounts'],
    queryFn: () => body(accounts.GET('/account/service-accounts')),
  });

export const serviceAccount = (id: string) =>
  queryOptions({
    queryKey: ['objects', 'service-account', id],
    queryFn: () => body(accounts.GET('/account/service-accounts/{id}', { params: { path: { id } } })),
  });

/** Ids of the permissions that a service account may hold. */
export const grantable = () =>
  queryOptions({
    queryKey: ['objects', 'grantable'],
    queryFn: () => body(accounts.GET('/account/service-accounts/permissions')),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Who holds rights. */
export type Holder = 'users' | 'service-accounts';

/** Rights on workspaces, narrowed by workspace and holder. */
export const grants = (kind: Holder, workspaceId?: string, holderId?: string) =>
  queryOptions({
    queryKey: ['objects', 'grants', kind, workspaceId, holderId],
    queryFn: () =>
      kind === 'users'
        ? body(core.GET('/security/permissions', { params: { query: { workspaceId, userId: holderId } } }))
        : body(
            identity.GET('/security/service-accounts/permissions', {
              params: { query: { workspaceId, serviceAccountId: holderId } },
            }),
          ),
  });

/** What a batch refused. */
export interface Refused {
  status: number;
  message: string;
  permission?: Grant;
  permissionId?: { workspaceId: string; userId: string };
}

const JSON_BODY = { 'content-type': 'application/json' };

/** Sets rights one by one; gives those that were refused. `fresh` where there are none yet. */
export async function setGrants(kind: Holder, list: Grant[], fresh: boolean): Promise<Refused[]> {
  const path = kind === 'users' ? '/security/permissions/batch' : '/security/service-accounts/permissions/batch';
  const refused = await raw<Refused[] | undefined>(path, {
    method: fresh ? 'POST' : 'PUT',
    headers: JSON_BODY,
    body: JSON.stringify(list),
  });
  return refused ?? [];
}

/** Removes all rights of a holder on a workspace. */
export function removeGrant(kind: Holder, workspaceId: string, holderId: string): Promise<unknown> {
  const path = `/security/workspaces/${encodeURIComponent(workspaceId)}/${kind}/${encodeURIComponent(holderId)}/permissions`;
  return raw(path, { method: 'DELETE' });
}

/** Whoever is signed in. */
export const me = () => queryOptions({ queryKey: ['objects', 'me'], queryFn: () => body(identity.GET('/account/me')) });

export const mySessions = () =>
  queryOptions({ queryKey: ['objects', 'my-sessions'], queryFn: () => body(own.GET('/stoker/v1/sessions')) });

export const myTotp = () =>
  queryOptions({ queryKey: ['objects', 'my-totp'], queryFn: () => body(own.GET('/stoker/v1/me/totp')) });

export const myTokens = () =>
  queryOptions({ queryKey: ['objects', 'my-tokens'], queryFn: () => body(own.GET('/stoker/v1/me/tokens')) });

/** The IP allowlist; null when there is none. */
export const allowlist = () =>
  queryOptions({
    queryKey: ['objects', 'allowlist'],
    queryFn: async () => {
      try {
        return await body(identity.GET('/security/ip-allowlist', { params: { query: { detailed: true } } }));
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }
    },
  });

export const roleMappings = () =>
  queryOptions({
    queryKey: ['objects', 'role-mappings'],
    queryFn: () => body(identity.GET('/security/role-mappings')),
  });

export const subscription = () =>
  queryOptions({
    queryKey: ['objects', 'subscription'],
    queryFn: () => body(core.GET('/account/subscription')),
  });

/** An event of the audit trail, whose detail is an object. */
export type AuditEvent = Omit<Own['schemas']['AuditEvent'], 'detail'> & { detail?: Record<string, unknown> };

/** What the audit trail is searched by. */
export interface AuditFilter {
  from?: string;
  to?: string;
  actor?: string;
  objectType?: string;
  objectId?: string;
  text?: string;
}

/** One page of the audit trail. Reading is an event itself, so pages ask only when somebody wants to see. */
export function auditPage(filter: AuditFilter, before: string | undefined) {
  const given = Object.entries({ ...filter, before }).filter(([, value]) => value);
  const query = { ...Object.fromEntries(given), limit: PAGE };
  return body(own.GET('/stoker/v1/audit-events', { params: { query } })) as Promise<{
    items: AuditEvent[];
    next?: string;
  }>;
}

export const auditEvent = (id: string) =>
  queryOptions({
    queryKey: ['audit', 'one', id],
    queryFn: () =>
      body(own.GET('/stoker/v1/audit-events/{id}', { params: { path: { id } } })) as Promise<{
        event: AuditEvent;
        before?: AuditEvent;
      }>,
    // Events do not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
