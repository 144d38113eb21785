/** The coming dates of a schedule, as the server counts them: in its zone and in that of the reader. */

import { Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { Schedule } from '../api/queries';
import { scheduleDates } from '../api/work';
import { minuteOf } from '../lib/use-due';
import { dayOf, dayStart } from '../texts/days';
import { fullTime, instant, offsetIn, ownZone } from '../texts/time';
import { w } from '../texts/work';
import { Failure, isLost, Panel, useNow, Waiting } from '../ui/parts';

const SHOWN = 20;
/** How far ahead dates are looked for: the server takes at most five years. */
const AHEAD_MS = 4 * 366 * 86_400_000;

/** The panel; the day from which dates are shown is in the address. */
export function ScheduleDates({ it }: { it: Schedule }) {
  const search = useSearch({ from: '/schedules/$id' });
  const navigate = useNavigate({ from: '/schedules/$id' });
  const now = useNow(60_000);
  const wanted = /^\d{4}-\d{2}-\d{2}$/.test(search.from ?? '') ? search.from : undefined;
  const from = wanted ? dayStart(wanted) : minuteOf(now);
  const found = useQuery(scheduleDates(it.id, from, from + AHEAD_MS, SHOWN));
  const zones = new Map((it.triggers ?? []).map((one) => [one.name, one.timeZone ?? 'UTC']));
  const several = zones.size > 1;
  const dates = (found.data ?? []).flatMap((one) => {
    const at = instant(one.datetime);
    return at === undefined
      ? []
      : [{ at, trigger: one.sourceTriggerName, zone: zones.get(one.sourceTriggerName) ?? 'UTC' }];
  });
  const foreign = dates.some((one) => one.zone !== ownZone);
  const shownZones = [...new Set(dates.map((one) => one.zone))];
  return (
    <Panel title={w.schedule.dates}>
      <Text size="sm" className="muted" mb="xs">
        {w.schedule.datesHint}
      </Text>
      <TextInput
        label={w.schedule.fromDate}
        type="date"
        value={wanted ?? dayOf(now)}
        onChange={(event) => navigate({ search: { from: event.currentTarget.value || undefined }, replace: true })}
        maw="14rem"
        mb="sm"
      />
      {isLost(found) ? (
        <Failure error={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Waiting />
      ) : dates.length === 0 ? (
        <Text className="muted">{w.schedule.never}</Text>
      ) : (
        <div className="scroll-x">
          <table className="dates">
            <thead>
              <tr>
                <th scope="col">
                  {w.schedule.datesZone(shownZones.length === 1 ? (shownZones[0] ?? '') : w.schedule.zones)}
                </th>
                {foreign && <th scope="col">{w.schedule.datesOwn(ownZone)}</th>}
                {several && <th scope="col">{w.schedule.source}</th>}
              </tr>
            </thead>
            <tbody>
              {dates.map((one, index) => {
                const before = dates.slice(0, index).findLast((other) => other.zone === one.zone);
                const offset = offsetIn(one.at, one.zone);
                const shift = before && offsetIn(before.at, one.zone) !== offset;
                return (
                  <Fragment key={`${one.at} ${one.trigger}`}>
                    {shift && (
                      <tr className="shift">
                        <td colSpan={1 + Number(foreign) + Number(several)}>
                          {w.schedule.shift(offsetIn(before.at, one.zone), offset)}
                        </td>
                      </tr>
                    )}
                    <tr>
                      <td>
                        {fullTime(one.at, one.zone)} <span className="muted">{offset}</span>
                      </td>
                      {foreign && <td>{fullTime(one.at)}</td>}
                      {several && <td>{one.trigger}</td>}
                    </tr>
                  </Fragment>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
