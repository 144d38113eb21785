/** How a request says who sends it: what its Authorization header means, and the header for what is wanted. */

import { type Entity, type Row, withAdded } from './tester-doc';
import { parted } from './tester-url';

export type Auth =
  | { kind: 'none' }
  | { kind: 'basic'; user: string; password: string }
  | { kind: 'bearer'; token: string }
  | { kind: 'other' };

/** The value before the request that user and password are put together in: expressions cannot be joined otherwise. */
const HELD = 'basic_credentials';
const BASIC = `Basic \${${HELD}.base64()}`;

const isHeader = (row: Row) => row.name.trim().toLowerCase() === 'authorization';

function halves(text: string): Auth {
  const [user = '', ...rest] = parted(text, ':');
  return { kind: 'basic', user, password: rest.join(':') };
}

function decoded(coded: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(coded), (one) => one.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** What a request says now. */
export function authOf(entity: Entity): Auth {
  const value = entity.headers?.find((row) => isHeader(row) && row.enabled === true)?.value ?? '';
  const held = entity.stoker?.before?.find((one) => one.name === HELD);
  if (value === BASIC && held) return halves(held.value);
  const basic = /^Basic +([A-Za-z0-9+/=]+)$/.exec(value)?.[1];
  const plain = basic === undefined ? undefined : decoded(basic);
  if (plain?.includes(':')) return halves(plain);
  const bearer = /^Bearer(?: (.*))?$/s.exec(value);
  if (bearer) return { kind: 'bearer', token: bearer[1] ?? '' };
  return value ? { kind: 'other' } : { kind: 'none' };
}

/** The request that says so. A header that was there stays in its place. */
export function withAuth(entity: Entity, auth: Exclude<Auth, { kind: 'other' }>): Entity {
  const before = (entity.stoker?.before ?? []).filter((one) => one.name !== HELD);
  if (auth.kind === 'basic') before.push({ name: HELD, value: `${auth.user}:${auth.password}` });
  const added = withAdded(entity, { before: before.length > 0 ? before : undefined });
  const rows = entity.headers ?? [];
  if (auth.kind === 'none') return { ...added, headers: rows.filter((row) => !isHeader(row)) };
  const row = { name: 'Authorization', value: auth.kind === 'basic' ? BASIC : `Bearer ${auth.token}`, enabled: true };
  const at = rows.findIndex(isHeader);
  const headers = at < 0 ? [...rows, row] : rows.map((one, index) => (index === at ? { ...one, ...row } : one));
  return { ...added, headers };
}
