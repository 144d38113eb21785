/** What is chosen in a list, in the order in which it was chosen. It stays while the list is scrolled and filtered. */

import { useCallback, useMemo, useState } from 'react';

/** What {@link useChosen} gives. */
export interface Chosen<T> {
  items: T[];
  has: (key: string) => boolean;
  toggle: (item: T) => void;
  /** Chooses these too; when all of them are chosen already, none of them any more. */
  toggleAll: (items: T[]) => void;
  /** Leaves only those of them that are named. */
  keep: (keys: ReadonlySet<string>) => void;
  clear: () => void;
}

/** The choice with one more, or one less. */
export function toggled<T>(chosen: ReadonlyMap<string, T>, key: string, item: T): Map<string, T> {
  const next = new Map(chosen);
  if (!next.delete(key)) next.set(key, item);
  return next;
}

/** The choice with all of these; without them when all of them are in it. */
export function toggledAll<T>(chosen: ReadonlyMap<string, T>, items: T[], keyOf: (item: T) => string): Map<string, T> {
  const next = new Map(chosen);
  const whole = items.every((item) => next.has(keyOf(item)));
  for (const item of items) {
    if (whole) next.delete(keyOf(item));
    else next.set(keyOf(item), item);
  }
  return next;
}

/** The choice. `keyOf` has to stay the same function. */
export function useChosen<T>(keyOf: (item: T) => string): Chosen<T> {
  const [chosen, setChosen] = useState<ReadonlyMap<string, T>>(new Map());
  const toggle = useCallback((item: T) => setChosen((old) => toggled(old, keyOf(item), item)), [keyOf]);
  const toggleAll = useCallback((items: T[]) => setChosen((old) => toggledAll(old, items, keyOf)), [keyOf]);
  const keep = useCallback(
    (keys: ReadonlySet<string>) => setChosen((old) => new Map([...old].filter(([key]) => keys.has(key)))),
    [],
  );
  const clear = useCallback(() => setChosen(new Map()), []);
  return useMemo(
    () => ({ items: [...chosen.values()], has: (key) => chosen.has(key), toggle, toggleAll, keep, clear }),
    [chosen, toggle, toggleAll, keep, clear],
  );
}
