/** Where one is signed in, and signing out there. */

import { Group } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { mySessions } from '../../api/admin';
import { body, own, raw } from '../../api/client';
import { a } from '../../texts/admin';
import { DangerButton } from '../../ui/fields';
import { Badge, Failure, Moment, useNow, Waiting } from '../../ui/parts';
import { sayAtSignIn } from '../sign-in-ways';

const p = a.profile;

export function Sessions() {
  const queries = useQueryClient();
  const all = useQuery(mySessions());
  const now = useNow(30_000);
  const everywhere = async () => {
    await raw('/stoker/v1/sessions', { method: 'DELETE' });
    sayAtSignIn(p.signedOut);
    queries.setQueryData(['session'], null);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
  };
  const end = async (id: string) => {
    await body(own.DELETE('/stoker/v1/sessions/{id}', { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: mySessions().queryKey });
  };
  return (
    <section className="panel">
      <h2>{p.sessions}</h2>
      <p className="muted">{p.sessionsHint}</p>
      {all.error && <Failure error={all.error} retry={() => all.refetch()} />}
      {!all.data && !all.error && <Waiting />}
      <ul className="rows">
        {(all.data ?? []).map((one) => (
          <li key={one.id}>
            <span className="grow">
              <strong>{one.address ?? p.unknownPlace}</strong> {one.current && <Badge tone="good">{p.thisOne}</Badge>}
              <br />
              <span className="muted">
                {one.userAgent ?? ''} · {a.lastUse.toLowerCase()} <Moment at={one.lastUsedAt} now={now} /> ·{' '}
                {p.ends.toLowerCase()} <Moment at={one.expiresAt} now={now} />
              </span>
            </span>
            {!one.current && (
              <DangerButton
                subtle
                label={p.end}
                named={p.endOf(one.address ?? p.unknownPlace)}
                question={p.endAsk(one.address ?? p.unknownPlace)}
                hint={p.endHint}
                act={() => end(one.id)}
              />
            )}
          </li>
        ))}
      </ul>
      <Group mt="sm">
        <DangerButton label={p.signOutEverywhere} question={p.signOutAsk} hint={p.signOutHint} act={everywhere} />
      </Group>
    </section>
  );
}
