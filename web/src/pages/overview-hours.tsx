/** The last day by clock hour: how much ended, and how much of it went wrong. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { lastDay } from '../api/overview';
import type { ScopeQuery } from '../api/queries';
import { useMay } from '../app/context';
import { t } from '../texts/pages';
import { hourTime, instant, localMinute } from '../texts/time';
import { Panel } from '../ui/parts';

const HOUR = 3_600_000;
/** Every so many hours one is named below. */
const NAMED = 4;

interface Hour {
  start: string;
  succeeded: number;
  failed: number;
  stopped: number;
}

function Bars({ hour, most }: { hour: Hour; most: number }) {
  const parts = [
    ['idle', hour.stopped],
    ['bad', hour.failed],
    ['good', hour.succeeded],
  ] as const;
  return (
    <span className="hour-bars" aria-hidden>
      {parts.map(
        ([tone, runs]) =>
          runs > 0 && <span key={tone} className={`tone-${tone}`} style={{ height: `${(runs / most) * 100}%` }} />,
      )}
    </span>
  );
}

/** Takes the room until the numbers are there. */
const EMPTY = (
  <ol className="hours" aria-busy>
    {Array.from({ length: 24 }, (_, number) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: they stay as they are.
      <li key={number}>
        <span className="hour-bars" />
        <span className="muted" />
      </li>
    ))}
  </ol>
);

/** Each hour leads to its runs. */
export const LastHours = memo(function LastHours({ scope }: { scope: ScopeQuery }) {
  const hours = useQuery(lastDay(scope)).data?.hours;
  const whole = useMay('TMC_OPERATOR');
  if (!hours) return <Panel title={t.overview.hours}>{EMPTY}</Panel>;
  const most = Math.max(...hours.map((hour) => hour.succeeded + hour.failed + hour.stopped));
  return (
    <Panel title={t.overview.hours}>
      <ol className="hours">
        {hours.map((hour, number) => {
          const from = instant(hour.start) ?? 0;
          const span = `${hourTime(from)}–${hourTime(from + HOUR)}`;
          const any = hour.succeeded + hour.failed + hour.stopped > 0;
          const words = any ? t.overview.ended(hour.succeeded, hour.failed, hour.stopped) : t.overview.nothingEnded;
          const bars = <Bars hour={hour} most={most} />;
          return (
            <li key={hour.start} title={`${span}: ${words}`}>
              {any && whole ? (
                <Link
                  to="/runs"
                  search={{ from: localMinute(from), to: localMinute(from + HOUR) }}
                  aria-label={`${span}: ${words}`}
                >
                  {bars}
                </Link>
              ) : (
                bars
              )}
              <span className="muted" aria-hidden>
                {number % NAMED === 0 && hourTime(from)}
              </span>
            </li>
          );
        })}
      </ol>
    </Panel>
  );
});
