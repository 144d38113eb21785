/** Days of the calendar in the zone of the browser, as texts such as `2026-03-29` that sort by time. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number) => String(value).padStart(2, '0');

/** The local day of an instant. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A day for reading: `29 Mar`. */
export function dayTitle(day: string): string {
  const [, month, date] = day.split('-');
  return month && date ? `${Number(date)} ${MONTHS[Number(month) - 1] ?? ''}` : '';
}

/** The last days, today last. */
export function lastDays(now: number, count: number): string[] {
  const today = new Date(now);
  // Noon, so that no change of the clocks makes a day appear twice.
  return Array.from({ length: count }, (_, back) => {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (count - 1 - back), 12);
    return dayOf(day.getTime());
  });
}

/** A month such as `2026-03` and the days that its page of a calendar shows, from a Monday to a Sunday. */
export function monthPage(month: string): string[] {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  const first = new Date(year, number - 1, 1, 12);
  const lead = (first.getDay() + 6) % 7;
  const length = new Date(year, number, 0, 12).getDate();
  const cells = Math.ceil((lead + length) / 7) * 7;
  return Array.from({ length: cells }, (_, cell) => dayOf(new Date(year, number - 1, 1 + cell - lead, 12).getTime()));
}

/** The month some months later or earlier. */
export function monthAfter(month: string, by: number): string {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  return dayOf(new Date(year, number - 1 + by, 1, 12).getTime()).slice(0, 7);
}

/** A month for reading: `March 2026`. */
export function monthTitle(month: string): string {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  return new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric' }).format(new Date(year, number - 1, 1, 12));
}

/** First instant of a local day. */
export function dayStart(day: string): number {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date).getTime();
}

/** First instant of the day after. */
export function dayEnd(day: string): number {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + 1).getTime();
}
