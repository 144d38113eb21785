/** What is due in a period, page by page as one comes to it. */

import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { PAGE, type ScopeQuery } from '../api/queries';
import { type Due, duePage } from '../api/work';

/** The starts between two instants in their order. */
export function useDue(scope: ScopeQuery, from: number, to: number) {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const onRange = useCallback((first: number, last: number) => {
    const [low, high] = [Math.floor(first / PAGE), Math.floor(last / PAGE)];
    setRange((old) => (old[0] === low && old[1] === high ? old : [low, high]));
  }, []);
  const numbers = useMemo(() => [...new Set([0, range[0], range[1]])], [range]);
  const pages = useQueries({
    queries: numbers.map((number) => ({ ...duePage(scope, from, to, number), placeholderData: keepPreviousData })),
  });
  const row = (index: number): Due | undefined =>
    pages[numbers.indexOf(Math.floor(index / PAGE))]?.data?.items[index % PAGE];
  return {
    total: pages[0]?.data?.total,
    error: pages.find((page) => page.error)?.error,
    retry: () => void Promise.all(pages.map((page) => page.refetch())),
    row,
    onRange,
  };
}

/** Steps in which the beginning of a period moves on, so that the question does not change with every second. */
const STEP_MS = 60_000;

/** The current minute. */
export function minuteOf(now: number): number {
  return Math.floor(now / STEP_MS) * STEP_MS;
}
