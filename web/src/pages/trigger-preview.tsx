/** What a trigger would do if it was saved as it is typed: its next dates, and what changes of the clocks do to it. */

import { Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { triggerPreview } from '../api/work';
import { type TriggerDraft, triggerOf } from '../lib/trigger-form';
import { fullTime, instant, offsetIn, ownZone } from '../texts/time';
import { w } from '../texts/work';

/** How long typing must rest before the server is asked, milliseconds. */
const REST_MS = 250;

/** The panel below the fields; the server counts by the rules of the scheduler. */
export function TriggerPreview({ draft }: { draft: TriggerDraft }) {
  const [wanted] = useDebouncedValue(JSON.stringify(triggerOf({ ...draft, name: '' })), REST_MS);
  const found = useQuery({ ...triggerPreview(wanted), placeholderData: keepPreviousData, retry: false });
  const zone = draft.timeZone;
  const dates = (found.data?.dates ?? []).flatMap((text) => instant(text) ?? []);
  return (
    <section className="preview" aria-label={w.schedule.preview}>
      <Title order={3} size="h3">
        {w.schedule.preview}
      </Title>
      {found.error ? (
        <Text className="muted" role="status">
          {w.schedule.noPreview} {found.error.message}
        </Text>
      ) : (
        <>
          <ol className="preview-dates">
            {dates.map((at) => (
              <li key={at}>
                <span>
                  {fullTime(at, zone)} <span className="muted">{offsetIn(at, zone)}</span>
                </span>
                {zone !== ownZone && <span className="muted">{w.schedule.yours(fullTime(at))}</span>}
              </li>
            ))}
          </ol>
          <Text fw={600} size="sm">
            {w.schedule.clocks}
          </Text>
          {found.data?.clockChanges.length === 0 ? (
            <Text size="sm" className="muted">
              {w.schedule.noClocks}
            </Text>
          ) : (
            <ul className="preview-clocks">
              {found.data?.clockChanges.map((one) => (
                <li key={one.at} data-touched={one.affected.length > 0}>
                  {one.text}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}
