/** What became of the due starts of a task or plan, also of those that made no run. */

import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Firing, firings } from '../api/queries';
import type { Tone } from '../texts/status';
import { w } from '../texts/work';
import { Badge, Failure, isLost, Moment } from '../ui/parts';

const f = w.firing;

const TONES: Record<Firing['result'], Tone> = { started: 'good', missed: 'warn', skipped: 'warn', refused: 'bad' };
/** How many are shown at first, and then. */
const [FEW, MANY] = [5, 50];

function Line({ text }: { text: string }) {
  return (
    <Text component="span" display="block" size="sm" className="muted">
      {text}
    </Text>
  );
}

/** The newest due starts; nothing where none was due. */
export function Firings({ id, plan, now }: { id: string; plan: boolean; now: number }) {
  const [count, setCount] = useState(FEW);
  const found = useQuery(firings(id, plan, count));
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!found.data?.items.length) return null;
  return (
    <>
      <Text component="h3" size="sm" fw={600} mt="md">
        {f.title}
      </Text>
      <ul className="rows">
        {found.data.items.map((one) => (
          <li key={`${one.scheduleId} ${one.trigger} ${one.dueAt}`}>
            <Badge tone={TONES[one.result]}>{f.result[one.result]}</Badge>
            <span className="grow">
              <Moment at={one.dueAt} now={now} exact />
              {one.message && <Line text={one.message} />}
              {one.missed > 0 && <Line text={f.missed(one.missed)} />}
            </span>
            {one.executionId && (
              <Link to={plan ? '/plan-runs/$id' : '/runs/$id'} params={{ id: one.executionId }}>
                {f.run}
              </Link>
            )}
          </li>
        ))}
      </ul>
      {found.data.total > found.data.items.length && count === FEW && (
        <Anchor component="button" type="button" size="sm" onClick={() => setCount(MANY)}>
          {f.more}
        </Anchor>
      )}
    </>
  );
}
