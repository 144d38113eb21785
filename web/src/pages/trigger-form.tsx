/** The fields of a trigger: how often, when, and in which zone. */

import { Checkbox, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { fieldError, type Refusal } from '../lib/field-errors';
import { DAYS, type TriggerDraft, type TriggerType, triggerOf } from '../lib/trigger-form';
import { ownZone } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { w } from '../texts/work';
import { TriggerPreview } from './trigger-preview';

interface Props {
  draft: TriggerDraft;
  change: (draft: TriggerDraft) => void;
  refusal: Refusal;
  /** Whether the name may be typed; a stored trigger keeps it. */
  named: boolean;
}

const TYPES = (Object.keys(w.schedule.types) as TriggerType[]).map((value) => ({
  value,
  label: w.schedule.types[value],
}));
const ZONES = [...new Set(['UTC', ownZone, ...Intl.supportedValuesOf('timeZone')])];

/** Fields of a trigger, as refusals name them. */
export function isTriggerField(field: string): boolean {
  return /^(trigger\.)?(name|type|interval|startDate|startTime|timeZone|timeout|cronExpression|atTimes(\..*)?|atDays(\..*)?)$/.test(
    field,
  );
}

/** All fields that its type has. */
export function TriggerFields({ draft, change, refusal, named }: Props) {
  const set = (part: Partial<TriggerDraft>) => change({ ...draft, ...part });
  const wrong = (...paths: string[]) =>
    paths.map((path) => fieldError(refusal, path) ?? fieldError(refusal, `trigger.${path}`)).find(Boolean);
  const typed = (key: keyof TriggerDraft, label: string, error: string | undefined, more: object = {}) => (
    <TextInput
      key={key}
      label={label}
      value={String(draft[key] ?? '')}
      onChange={(event) => set({ [key]: event.currentTarget.value })}
      error={error}
      {...more}
    />
  );
  const { type } = draft;
  const counted = type === 'DAILY' || type === 'WEEKLY' || type === 'MONTHLY';
  const spread = type !== 'ONCE' && draft.timesHow === 'AT_INTERVALS';
  const weekdays = type === 'WEEKLY' || (type === 'MONTHLY' && draft.dayHow === 'DAY_OF_WEEK');
  return (
    <Stack gap="sm">
      <div className="form-grid">
        {typed('name', w.schedule.name, wrong('name'), { description: w.schedule.nameHint, disabled: !named })}
        <Select
          label={w.schedule.type}
          description={'\u00a0'}
          data={TYPES}
          value={type}
          allowDeselect={false}
          onChange={(value) => value && set({ type: value as TriggerType })}
          error={wrong('type')}
        />
        <Select
          label={w.schedule.zone}
          description={'\u00a0'}
          data={ZONES.includes(draft.timeZone) ? ZONES : [draft.timeZone, ...ZONES]}
          value={draft.timeZone}
          allowDeselect={false}
          onChange={(timeZone) => timeZone && set({ timeZone })}
          error={wrong('timeZone')}
          searchable
          limit={60}
        />
      </div>
      {type === 'CRON' ? (
        typed('cron', w.schedule.cron, wrong('cronExpression'), { description: w.schedule.cronHint })
      ) : (
        <div className="form-grid">
          {counted && typed('interval', w.schedule.every[type], wrong('interval'), { inputMode: 'numeric' })}
          {typed('startDate', type === 'ONCE' ? w.schedule.onceDate : w.schedule.startDate, wrong('startDate'), {
            type: 'date',
          })}
          {type === 'MONTHLY' && (
            <Select
              label={w.schedule.weekdays}
              data={(['DAY_OF_MONTH', 'DAY_OF_WEEK'] as const).map((value) => ({
                value,
                label: w.schedule.dayHow[value],
              }))}
              value={draft.dayHow}
              allowDeselect={false}
              onChange={(value) => value && set({ dayHow: value as TriggerDraft['dayHow'] })}
            />
          )}
          {type === 'MONTHLY' &&
            !weekdays &&
            typed('day', w.schedule.day, wrong('atDays', 'atDays.day'), { inputMode: 'numeric' })}
          {type !== 'ONCE' && (
            <Select
              label={w.schedule.times}
              data={(['AT_SPECIFIC_TIMES', 'AT_INTERVALS'] as const).map((value) => ({
                value,
                label: w.schedule.timesHow[value],
              }))}
              value={draft.timesHow}
              allowDeselect={false}
              onChange={(value) => value && set({ timesHow: value as TriggerDraft['timesHow'] })}
            />
          )}
          {spread ? (
            <>
              {typed('from', w.schedule.intervalFrom, wrong('atTimes.startTime'), { type: 'time' })}
              {typed('to', w.schedule.intervalTo, wrong('atTimes.endTime'), { type: 'time' })}
              {typed('every', w.schedule.intervalEvery, wrong('atTimes.interval'), { inputMode: 'numeric' })}
            </>
          ) : (
            typed('times', w.schedule.timesHint, wrong('atTimes.time', 'atTimes.times', 'atTimes'))
          )}
        </div>
      )}
      {weekdays && (
        <Checkbox.Group
          label={w.schedule.weekdays}
          value={draft.days}
          onChange={(days) => set({ days })}
          error={wrong('atDays', 'atDays.days', 'atDays.type')}
        >
          <Group gap="sm" mt={4}>
            {DAYS.map((day) => (
              <Checkbox key={day} value={day} label={day.charAt(0) + day.slice(1, 3).toLowerCase()} />
            ))}
          </Group>
        </Checkbox.Group>
      )}
      <div className="form-grid">
        {typed('timeout', w.schedule.timeout, wrong('timeout'), {
          inputMode: 'numeric',
          description: w.schedule.timeoutHint,
        })}
      </div>
      <Text fw={600} role="status">
        {triggerWords(triggerOf(draft))}, {draft.timeZone}
      </Text>
      <TriggerPreview draft={draft} />
    </Stack>
  );
}
