/** Places spans of time so that none lies on another. */

/** A span of time in milliseconds. */
export interface Spanned {
  from: number;
  to: number;
}

/** Each span with the first lane that is free for it; every span takes at least `least` milliseconds of its lane. */
export function lanes<T extends Spanned>(spans: T[], least: number): { item: T; lane: number }[] {
  const free: number[] = [];
  return [...spans]
    .sort((one, two) => one.from - two.from)
    .map((item) => {
      const open = free.findIndex((end) => end <= item.from);
      const lane = open === -1 ? free.length : open;
      free[lane] = Math.max(item.to, item.from + least);
      return { item, lane };
    });
}
