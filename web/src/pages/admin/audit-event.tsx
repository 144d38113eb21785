/** One event of the audit trail: who, from where, and what differs from before. */

import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type AuditEvent, auditEvent } from '../../api/admin';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { difference, eventWord, type FieldChange, fieldWord, nameIn, objectWord } from '../../texts/audit';
import { permissionName } from '../../texts/permissions';
import { Denied } from '../../ui/fields';
import { Facts, Failure, Head, Id, Moment, useNow, Waiting } from '../../ui/parts';

function Values({ list, other, kind }: { list: string[]; other: string[] | undefined; kind: 'gone' | 'come' }) {
  if (list.length === 0) return <span className="muted">{a.audit.empty}</span>;
  return (
    <ul>
      {list.map((one) => {
        const changed = other !== undefined && !other.includes(one);
        const Mark = kind === 'gone' ? 'del' : 'ins';
        const tone = kind === 'gone' ? 'bad' : 'good';
        const word = permissionName(one);
        return (
          <li key={one} title={word === one ? undefined : one}>
            {changed ? <Mark className={`${kind} tone-${tone}`}>{word}</Mark> : word}
          </li>
        );
      })}
    </ul>
  );
}

/** Both states side by side; what went and what came is marked by more than colour. */
function Difference({ rows, both }: { rows: FieldChange[]; both: boolean }) {
  return (
    <table className="difference">
      <thead>
        <tr>
          <th scope="col">{a.audit.field}</th>
          {both && <th scope="col">{a.audit.before}</th>}
          <th scope="col">{both ? a.audit.after : a.audit.value}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.field}>
            <th scope="row" className={row.changed ? undefined : 'muted'}>
              {fieldWord(row.field)}
            </th>
            {both && (
              <td>
                <Values list={row.before} other={row.after} kind="gone" />
              </td>
            )}
            <td>
              <Values list={row.after} other={both ? row.before : undefined} kind="come" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The page of an object, where it has one. */
function pageOf(event: AuditEvent): ReactNode {
  const name = nameIn(event.detail, event.objectId);
  const params = { id: event.objectId };
  switch (event.objectType) {
    case 'user':
      return (
        <Link to="/manage/users/$id" params={params}>
          {name}
        </Link>
      );
    case 'group':
      return (
        <Link to="/manage/groups/$id" params={params}>
          {name}
        </Link>
      );
    case 'role':
      return (
        <Link to="/manage/roles/$id" params={params}>
          {name}
        </Link>
      );
    case 'service-account':
      return (
        <Link to="/manage/service-accounts/$id" params={params}>
          {name}
        </Link>
      );
    case 'setting':
      return <Link to="/manage/settings">{name}</Link>;
    case 'task':
      return (
        <Link to="/tasks/$id" params={params}>
          {name}
        </Link>
      );
    case 'run':
      return (
        <Link to="/runs/$id" params={params}>
          {name}
        </Link>
      );
    default:
      return name;
  }
}

export function AuditEventPage() {
  const { id } = useParams({ from: '/manage/audit/$id' });
  const may = useMay('AUDIT_LOGS_VIEW');
  const found = useQuery({ ...auditEvent(id), enabled: may });
  const now = useNow(30_000);
  if (!may) {
    return (
      <div className="page">
        <Head title={a.audit.title} />
        <Denied what={a.audit.title} permission={permissionName('AUDIT_LOGS_VIEW')} />
      </div>
    );
  }
  if (!found.data) return found.error ? <Failure error={found.error} retry={() => found.refetch()} /> : <Waiting />;
  const { event, before } = found.data;
  const removed = event.action.endsWith('.delete');
  // What was removed has no state after it; what is told is what it was.
  const rows = difference(before?.detail, removed && before ? undefined : event.detail);
  const request = event.path ? `${event.method ?? ''} ${event.path}` : '';
  return (
    <div className="page">
      <Head title={a.audit.eventTitle(eventWord(event.action, event.objectType))} />
      <div className="columns halves">
        <section className="panel">
          <Facts
            rows={[
              [a.audit.when, <Moment key="at" at={event.at} now={now} exact />],
              [a.audit.who, event.actorKind === 'SERVICE' ? `${event.actor} (${a.audit.service})` : event.actor],
              [
                a.audit.object,
                <span key="object">
                  {objectWord(event.objectType)} {pageOf(event)}
                </span>,
              ],
              [a.audit.fromAddress, event.clientIp ?? '–'],
              [a.audit.program, event.userAgent ?? '–'],
              [
                a.audit.request,
                <span key="request" className="mono">
                  {request || '–'}
                </span>,
              ],
              [a.audit.id, <Id key="id" id={event.id} what={a.audit.id.toLowerCase()} />],
            ]}
          />
          <Group mt="md" gap="md">
            <Link to="/manage/audit" search={{ object: event.objectId, kind: event.objectType }}>
              {a.audit.sameObject}
            </Link>
            <Link to="/manage/audit" search={{ actor: event.actor }}>
              {a.audit.sameActor}
            </Link>
          </Group>
        </section>
        <section className="panel">
          <h2>{before ? a.audit.difference : a.audit.told}</h2>
          {rows.length === 0 ? (
            <p className="muted">{a.audit.noDetail}</p>
          ) : (
            <Difference rows={rows} both={before !== undefined} />
          )}
          {before && !rows.some((row) => row.changed) && <p className="muted">{a.audit.asBefore}</p>}
          {before && (
            <p className="muted">
              {a.audit.compared}{' '}
              <Link to="/manage/audit/$id" params={{ id: before.id }}>
                {a.audit.earlier}
              </Link>
              , <Moment at={before.at} now={now} exact />
            </p>
          )}
        </section>
      </div>
    </div>
  );
}
