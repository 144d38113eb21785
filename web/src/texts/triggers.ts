/** Triggers of schedules in plain words. */

/** The parts of a trigger that say when. */
export interface TriggerLike {
  type?: string;
  interval?: number;
  startDate?: string;
  startTime?: string;
  timeZone?: string;
  cronExpression?: string;
  atTimes?: { type?: string; times?: string[]; time?: string; startTime?: string; endTime?: string; interval?: number };
  atDays?: { type?: string; day?: number; days?: string[] };
}

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];

function listed(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function times(trigger: TriggerLike): string {
  const at = trigger.atTimes;
  if (!at) return trigger.startTime ? ` at ${trigger.startTime}` : '';
  if (at.type === 'AT_INTERVALS') return `, every ${at.interval} min from ${at.startTime} to ${at.endTime}`;
  const all = at.times ?? (at.time ? [at.time] : []);
  return all.length > 0 ? ` at ${listed(all)}` : '';
}

function days(trigger: TriggerLike): string {
  const at = trigger.atDays;
  if (at?.type === 'DAY_OF_MONTH' && at.day) return ` on day ${at.day}`;
  const named = DAYS.filter((day) => at?.days?.includes(day)).map(
    (day) => day.charAt(0) + day.slice(1, 3).toLowerCase(),
  );
  return named.length > 0 ? ` on ${listed(named)}` : '';
}

function every(interval: number | undefined, one: string, many: string): string {
  return !interval || interval === 1 ? `Every ${one}` : `Every ${interval} ${many}`;
}

/** When a trigger is due, as a sentence without its zone. */
export function triggerWords(trigger: TriggerLike): string {
  switch (trigger.type) {
    case 'ONCE':
      return `Once, on ${trigger.startDate ?? '?'}${times(trigger)}`;
    case 'DAILY':
      return `${every(trigger.interval, 'day', 'days')}${times(trigger)}`;
    case 'WEEKLY':
      return `${every(trigger.interval, 'week', 'weeks')}${days(trigger)}${times(trigger)}`;
    case 'MONTHLY':
      return `${every(trigger.interval, 'month', 'months')}${days(trigger)}${times(trigger)}`;
    case 'CRON':
      return `By the cron expression ${trigger.cronExpression ?? '?'}`;
    case 'MANUAL':
      return 'By hand';
    case 'WEBHOOK':
      return 'When its URL is called';
    case 'MULTIPLE':
      return 'By a schedule';
    default:
      return trigger.type ?? 'Never';
  }
}
