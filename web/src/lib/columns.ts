/** Which columns of a list are shown. */

interface Known {
  key: string;
  /** Whether it is shown whatever is wanted. */
  always?: boolean;
  /** Whether it is left out until it is wanted. */
  seldom?: boolean;
}

const isShown = (column: Known, wanted: readonly string[] | undefined) =>
  column.always || (wanted ? wanted.includes(column.key) : !column.seldom);

/** Those that are wanted, in their own order; the usual ones when nothing was ever chosen. */
export function shownColumns<C extends Known>(all: readonly C[], wanted: readonly string[] | undefined): C[] {
  return all.filter((column) => isShown(column, wanted));
}

/** What is wanted after one was switched on or off; keys that this version does not know stay. */
export function switched(all: readonly Known[], wanted: readonly string[] | undefined, key: string): string[] {
  const before = wanted ?? shownColumns(all, undefined).map((column) => column.key);
  return before.includes(key) ? before.filter((one) => one !== key) : [...before, key];
}
