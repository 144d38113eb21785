/** A trigger while it is edited: every field is a text, as it was typed. */

import type { ScheduleTrigger } from '../api/work';

export const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
export type TriggerType = ScheduleTrigger['type'];

export interface TriggerDraft {
  name: string;
  type: TriggerType;
  interval: string;
  startDate: string;
  timeZone: string;
  timesHow: 'AT_SPECIFIC_TIMES' | 'AT_INTERVALS';
  times: string;
  from: string;
  to: string;
  every: string;
  dayHow: 'DAY_OF_MONTH' | 'DAY_OF_WEEK';
  day: string;
  days: string[];
  cron: string;
  timeout: string;
  /** Time of the first day from which a stored trigger counts; kept as it is. */
  startTime?: string;
}

/** A trigger to begin with: every day at seven. */
export function freshTrigger(name: string, today: string, zone: string): TriggerDraft {
  return {
    name,
    type: 'DAILY',
    interval: '1',
    startDate: today,
    timeZone: zone,
    timesHow: 'AT_SPECIFIC_TIMES',
    times: '07:00',
    from: '08:00',
    to: '18:00',
    every: '60',
    dayHow: 'DAY_OF_MONTH',
    day: '1',
    days: ['MONDAY'],
    cron: '30 6 ? * MON-FRI *',
    timeout: '',
  };
}

/** A stored trigger as a draft. */
export function draftOfTrigger(one: ScheduleTrigger, today: string, zone: string): TriggerDraft {
  const at = one.atTimes;
  const start = freshTrigger(one.name, one.startDate ?? today, one.timeZone ?? zone);
  return {
    ...start,
    type: one.type,
    interval: String(one.interval ?? 1),
    timesHow: at?.type === 'AT_INTERVALS' ? 'AT_INTERVALS' : 'AT_SPECIFIC_TIMES',
    times: (at?.times ?? (at?.time ? [at.time] : one.startTime ? [one.startTime] : [])).join(', '),
    from: at?.startTime ?? start.from,
    to: at?.endTime ?? start.to,
    every: String(at?.interval ?? start.every),
    dayHow: one.atDays?.type ?? (one.type === 'WEEKLY' ? 'DAY_OF_WEEK' : 'DAY_OF_MONTH'),
    day: String(one.atDays?.day ?? 1),
    days: one.atDays?.days ?? [],
    cron: one.cronExpression ?? start.cron,
    timeout: one.timeout ? String(one.timeout) : '',
    startTime: at ? one.startTime : undefined,
  };
}

/** A number as it was typed; what is none is sent as it is, so that the server says what is wrong with it. */
function numeric(text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function timesOf(draft: TriggerDraft): ScheduleTrigger['atTimes'] {
  if (draft.type !== 'ONCE' && draft.timesHow === 'AT_INTERVALS') {
    return { type: 'AT_INTERVALS', startTime: draft.from, endTime: draft.to, interval: numeric(draft.every) };
  }
  const times = draft.times
    .split(/[\s,;]+/)
    .map((time) => time.trim())
    .filter(Boolean);
  return times.length === 1 || draft.type === 'ONCE'
    ? { type: 'AT_TIME', time: times.join(' ') }
    : { type: 'AT_SPECIFIC_TIMES', times };
}

function daysOf(draft: TriggerDraft): ScheduleTrigger['atDays'] {
  const week = draft.type === 'WEEKLY' || draft.dayHow === 'DAY_OF_WEEK';
  return week
    ? { type: 'DAY_OF_WEEK', days: DAYS.filter((day) => draft.days.includes(day)) }
    : { type: 'DAY_OF_MONTH', day: numeric(draft.day) };
}

/** The draft as the API takes it: only the fields of its type. */
export function triggerOf(draft: TriggerDraft): ScheduleTrigger {
  const common = {
    name: draft.name.trim(),
    type: draft.type,
    timeZone: draft.timeZone,
    timeout: numeric(draft.timeout),
  };
  if (draft.type === 'CRON') return { ...common, cronExpression: draft.cron.trim() };
  const first = { startDate: draft.startDate, startTime: draft.startTime };
  const dated = { ...common, ...first, atTimes: timesOf(draft) };
  if (draft.type === 'ONCE') return dated;
  const counted = { ...dated, interval: numeric(draft.interval) };
  return draft.type === 'DAILY' ? counted : { ...counted, atDays: daysOf(draft) };
}
