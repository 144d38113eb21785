/** Who sends a request: a bearer token, or a user with a password. */

import { Select, Stack, Text } from '@mantine/core';
import { type Auth, authOf, withAuth } from '../../lib/tester-auth';
import type { Entity } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Expression } from './expression';

const KINDS = Object.entries(x.authKinds).map(([value, label]) => ({ value, label }));

function first(kind: string | null): Exclude<Auth, { kind: 'other' }> {
  if (kind === 'basic') return { kind, user: '', password: '' };
  return kind === 'bearer' ? { kind, token: '' } : { kind: 'none' };
}

export function AuthPart({ entity, change }: { entity: Entity; change: (entity: Entity) => void }) {
  const auth = authOf(entity);
  const set = (next: Exclude<Auth, { kind: 'other' }>) => change(withAuth(entity, next));
  return (
    <Stack gap="sm" maw="40rem">
      <Select
        label={x.authKind}
        data={KINDS}
        value={auth.kind === 'other' ? null : auth.kind}
        onChange={(kind) => kind !== auth.kind && set(first(kind))}
        maw="16rem"
      />
      {auth.kind === 'other' && <Text className="muted">{x.authOther}</Text>}
      {auth.kind === 'bearer' && (
        <Expression label={x.authToken} value={auth.token} onChange={(token) => set({ ...auth, token })} />
      )}
      {auth.kind === 'basic' && (
        <>
          <Expression label={x.authUser} value={auth.user} onChange={(user) => set({ ...auth, user })} />
          <Expression
            label={x.authPassword}
            value={auth.password}
            onChange={(password) => set({ ...auth, password })}
          />
        </>
      )}
      {(auth.kind === 'bearer' || auth.kind === 'basic') && (
        <Text className="muted">
          {x.authHint}{' '}
          <span className="mono">
            {'${'}
            {auth.kind === 'bearer' ? 'token' : 'password'}
            {'}'}
          </span>
        </Text>
      )}
    </Stack>
  );
}
