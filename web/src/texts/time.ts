/** Instants and durations in words. All functions take the current time, so that they can be tested. */

const UNITS: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A length of time with its two largest units, for example `3 min 20 s`; below a second in milliseconds. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [size, unit] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.join(' ');
}

/** How far an instant is from now, roughly: `just now`, `5 min ago`, `in 2 h`. */
export function ago(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 5_000) return 'just now';
  const unit = UNITS.find(([size]) => distance >= size) ?? UNITS[3];
  const text = unit ? `${Math.floor(distance / unit[0])} ${unit[1]}` : '';
  return at > now ? `in ${text}` : `${text} ago`;
}

/** Milliseconds of an instant as the API writes it; undefined when there is none or it cannot be read. */
export function instant(text: string | undefined | null): number | undefined {
  if (!text) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** The zone in which times are shown. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Made once for each zone and form: making one costs far more than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${zone} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options });
    formats.set(key, made);
  }
  return made.format(at);
}

/** The whole instant: `Tue 3 Feb 2026, 09:00:05`. */
export function fullTime(at: number, zone: string = ownZone): string {
  return format(at, zone, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** As short as it stays clear: the time today, else day and time. */
export function shortTime(at: number, now: number, zone: string = ownZone): string {
  const day = { day: 'numeric', month: 'short' } as const;
  const time = format(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return format(at, zone, day) === format(now, zone, day) && Math.abs(at - now) < 86_400_000
    ? time
    : `${format(at, zone, day)}, ${time.slice(0, 5)}`;
}

/** Hour and minute. */
export function hourTime(at: number, zone: string = ownZone): string {
  return format(at, zone, { hour: '2-digit', minute: '2-digit' });
}

/** The local minute as fields of dates and times have it: `2026-02-03T09:00`. */
export function localMinute(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Time with milliseconds, for log lines. */
export function logTime(at: number, zone: string = ownZone): string {
  const millis = String(((at % 1000) + 1000) % 1000).padStart(3, '0');
  return `${format(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' })}.${millis}`;
}

/** How long a run took, or has taken until now. */
export function runLength(start: string | undefined, end: string | undefined, now: number): string {
  const from = instant(start);
  return from === undefined ? '–' : duration((instant(end) ?? now) - from);
}

/** The distance of a zone from UTC at an instant, for example `UTC+2` or `UTC-03:30`. */
export function offsetIn(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  return name
    .replace('GMT', 'UTC')
    .replace(/([+-])0(\d)/, '$1$2')
    .replace(':00', '')
    .replace(/[+-]0$/, '');
}
