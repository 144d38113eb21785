/** When a new task starts by itself: not at all, by a schedule that is free, or by a new one. */

import { Radio, Stack, TextInput } from '@mantine/core';
import { body, core } from '../api/client';
import { useScope } from '../app/context';
import type { Refusal } from '../lib/field-errors';
import { freshTrigger, type TriggerDraft, triggerOf } from '../lib/trigger-form';
import { useMany } from '../lib/use-many';
import { dayOf } from '../texts/days';
import { t } from '../texts/pages';
import { ownZone } from '../texts/time';
import { w } from '../texts/work';
import { FoundSelect } from '../ui/found';
import { NextDates } from './schedule-of';
import { TriggerFields } from './trigger-form';

/** What was chosen. */
export interface When {
  how: 'hand' | 'stored' | 'new';
  /** The chosen one, or the new one once it is made. */
  schedule?: string;
  description: string;
  trigger: TriggerDraft;
}

/** By hand alone. */
export function byHand(): When {
  return { how: 'hand', description: '', trigger: freshTrigger('first', dayOf(Date.now()), ownZone) };
}

/** The schedule that is to start the task; makes it when it is a new one. */
export async function scheduleFor(when: When, environmentId: string): Promise<string | undefined> {
  if (when.how === 'hand') return undefined;
  if (when.how === 'stored' || when.schedule) return when.schedule;
  const request = { environmentId, description: when.description.trim(), trigger: triggerOf(when.trigger) };
  return String((await body(core.POST('/orchestration/schedules', { body: request }))).id);
}

/** The choice. */
export function WhenStep(props: { when: When; change: (part: Partial<When>) => void; refusal: Refusal; now: number }) {
  const { when, change, refusal } = props;
  const { environment } = useScope();
  const everywhere = { environmentId: environment?.id };
  const all = useMany('schedule', everywhere, '');
  const free = all.more > 0 || all.choices.some((one) => !one.taken);
  return (
    <Stack gap="sm">
      <Radio.Group
        label={w.wizard.when}
        value={when.how}
        onChange={(how) => change({ how: how as When['how'], schedule: undefined })}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="hand" label={w.wizard.byHand} description={w.wizard.byHandHint} />
          <Radio
            value="stored"
            label={w.wizard.stored}
            description={free ? undefined : w.wizard.noneFree}
            disabled={!free}
          />
          <Radio value="new" label={w.wizard.newSchedule} />
        </Stack>
      </Radio.Group>
      {when.how === 'stored' && (
        <>
          <FoundSelect
            kind="schedule"
            scope={everywhere}
            label={w.schedule.one}
            value={when.schedule ?? null}
            change={(schedule) => change({ schedule: schedule ?? undefined })}
            required
          />
          {when.schedule && <NextDates id={when.schedule} now={props.now} />}
        </>
      )}
      {when.how === 'new' && (
        <>
          <TextInput
            label={t.description}
            value={when.description}
            onChange={(event) => change({ description: event.currentTarget.value })}
          />
          <TriggerFields draft={when.trigger} change={(trigger) => change({ trigger })} refusal={refusal} named />
        </>
      )}
    </Stack>
  );
}
