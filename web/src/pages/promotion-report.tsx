/** The report of an analysis or run, readable: what blocks, what is new, what changes, what is left to do by hand. */

import { Group, SegmentedControl, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type PromotionRun, promotionRun } from '../api/infra';
import { countsOf, itemsOf, type ReportItem } from '../lib/promotion-report';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import type { Tone } from '../texts/status';
import { Badge, Facts, Failure, Id, Moment, Notice, useNow, Waiting } from '../ui/parts';

const p = infra.promotions;

const TONES: Record<string, Tone> = {
  ANALIZED: 'idle',
  PROMOTION_STARTED: 'busy',
  PROMOTED: 'good',
  PROMOTION_WARNING: 'warn',
  PROMOTION_FAILED: 'bad',
  FAILED: 'bad',
  CREATED: 'good',
  REPLACED: 'warn',
  REUSED: 'idle',
  SKIPPED: 'idle',
};

/** The state of an analysis or run. */
export function PromotionBadge({ status, defective }: { status: string | undefined; defective?: boolean }) {
  const blocked = status === 'ANALIZED' && defective;
  return (
    <Badge tone={blocked ? 'bad' : (TONES[status ?? ''] ?? 'idle')}>
      {blocked ? p.blocked : (p.statuses[status ?? ''] ?? status)}
    </Badge>
  );
}

function Target({ item }: { item: ReportItem }) {
  if (!item.targetId) return item.name;
  const id = item.targetId;
  if (item.kind === 'FLOW') {
    return (
      <Link to="/tasks/$id" params={{ id }} title={p.toTarget}>
        {item.name}
      </Link>
    );
  }
  if (item.kind === 'CONNECTION') {
    return (
      <Link to="/manage/connections/$id" params={{ id }} title={p.toTarget}>
        {item.name}
      </Link>
    );
  }
  if (item.kind === 'RESOURCE') {
    return (
      <Link to="/manage/resources/$id" params={{ id }} title={p.toTarget}>
        {item.name}
      </Link>
    );
  }
  if (item.kind === 'ENGINE') {
    return (
      <Link to="/engines/$id" params={{ id }} title={p.toTarget}>
        {item.name}
      </Link>
    );
  }
  return item.name;
}

function Items({ items, done }: { items: ReportItem[]; done: boolean }) {
  const words = done ? p.done : p.items;
  return (
    <table className="report">
      <thead>
        <tr>
          <th scope="col">{p.columns.status}</th>
          <th scope="col">{p.columns.name}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={one.key}>
            <td>
              <Badge tone={TONES[one.status] ?? 'idle'}>{words[one.status] ?? one.status}</Badge>
            </td>
            <td>
              <div className="report-item">
                <span>
                  <span className="muted">{p.itemKinds[one.kind] ?? one.kind}</span>{' '}
                  {done || one.status === 'REUSED' || one.status === 'REPLACED' ? <Target item={one} /> : one.name}
                  {one.workspace && (
                    <>
                      <br />
                      <span className="muted">{one.workspace}</span>
                    </>
                  )}
                </span>
                {one.notes.length > 0 && (
                  <ul>
                    {one.notes.map((note) => (
                      <li key={note.text} style={note.level === 'ERROR' ? { color: 'var(--s-bad)' } : undefined}>
                        {note.text}
                      </li>
                    ))}
                  </ul>
                )}
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Most objects that are shown at once; the filter narrows them. */
const SHOWN = 500;

function Body({ run }: { run: PromotionRun }) {
  const now = useNow(5_000);
  const [only, setOnly] = useState('all');
  const items = itemsOf(run);
  const counts = countsOf(items);
  const done = run.status === 'PROMOTED' || run.status === 'PROMOTION_WARNING';
  const words = done ? p.done : p.items;
  const noted = items.filter((one) => one.notes.length > 0).length;
  const shown =
    only === 'all'
      ? items
      : only === 'notes'
        ? items.filter((one) => one.notes.length > 0)
        : items.filter((one) => one.status === only);
  if (run.status === 'PROMOTION_STARTED') return <Notice tone="busy" title={p.going} />;
  return (
    <>
      <Facts
        rows={[
          [
            t.run.asked,
            <span key="at">
              <Moment at={run.triggerTimestamp} now={now} exact /> {p.by} {run.userId}
            </span>,
          ],
          ...(run.context ? [[p.context, run.context] as [string, string]] : []),
          ...(run.advanced?.artifactType
            ? [[p.only, p.itemKinds[run.advanced.artifactType] ?? run.advanced.artifactType] as [string, string]]
            : []),
          [t.id, <Id key="id" id={run.executionId} what={t.id} />],
        ]}
      />
      {run.statusMessage && (
        <Notice tone={run.defective ? 'bad' : 'warn'} title={run.defective ? p.blocked : p.report}>
          {run.statusMessage}
        </Notice>
      )}
      {items.length === 0 ? (
        <Text className="muted">{p.nothing}</Text>
      ) : (
        <>
          <Group gap="sm">
            <SegmentedControl
              aria-label={p.report}
              size="xs"
              value={only}
              onChange={setOnly}
              data={[
                { value: 'all', label: `${p.filter.all} ${items.length}` },
                ...counts.map(([status, count]) => ({
                  value: status,
                  label: p.counts(count, words[status] ?? status),
                })),
                ...(noted > 0 ? [{ value: 'notes', label: `${p.filter.notes} ${noted}` }] : []),
              ]}
            />
          </Group>
          <Items items={shown.slice(0, SHOWN)} done={done} />
          {shown.length > SHOWN && <Text className="muted">{t.overview.more(shown.length - SHOWN)}</Text>}
        </>
      )}
    </>
  );
}

/** The report of one analysis or run. */
export function ReportPanel({ executionId }: { executionId: string }) {
  const run = useQuery(promotionRun(executionId));
  return (
    <section className="panel" aria-label={p.report}>
      <Group gap="sm" mb="xs">
        <Title order={2} size="h2">
          {p.report}
        </Title>
        {run.data && <PromotionBadge status={run.data.status} defective={run.data.defective} />}
      </Group>
      {run.error && !run.data ? (
        <Failure error={run.error} retry={() => run.refetch()} />
      ) : !run.data ? (
        <Waiting />
      ) : (
        <div style={{ display: 'grid', gap: '0.75rem' }}>
          <Body run={run.data} />
        </div>
      )}
    </section>
  );
}
