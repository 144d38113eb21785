/** Cells of lists of tasks and plans that say how they stand. */

import { Link } from '@tanstack/react-router';
import { b } from '../texts/bulk';
import { fullTime, instant, shortTime } from '../texts/time';
import { StateBadge } from './parts';

interface Standing {
  lastRun?: { executionId: string; status: string; triggerTimestamp: string };
  nextStart?: string;
}

/** The last run with its state, as a link to it. */
export function LastRun({ of, plan }: { of: Standing | undefined; plan?: boolean }) {
  if (!of) return null;
  const last = of.lastRun;
  if (!last) return <span className="muted">{b.never}</span>;
  const at = instant(last.triggerTimestamp);
  return (
    <Link
      className="above quiet-link"
      to={plan ? '/plan-runs/$id' : '/runs/$id'}
      params={{ id: last.executionId }}
      title={at === undefined ? undefined : fullTime(at)}
    >
      <StateBadge status={last.status} />
    </Link>
  );
}

/** When it is started next; `today` is a moment of the day that dates are short for. */
export function NextStart({ of, today }: { of: Standing | undefined; today: number }) {
  const at = instant(of?.nextStart);
  if (at === undefined) return of ? <span className="muted">–</span> : null;
  return <span title={fullTime(at)}>{shortTime(at, today)}</span>;
}
