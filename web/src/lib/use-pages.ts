/** A list of any length that the server searches: pages come as one scrolls to them. */

import { useDebouncedValue } from '@mantine/hooks';
import { type UseQueryResult, useQueries } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Page } from '../api/pages';
import { PAGE } from '../api/queries';

interface Question<T> {
  queryKey: readonly unknown[];
  queryFn?: unknown;
  enabled?: unknown;
  /** Carries the type of the rows; never set. */
  row?: T;
}

/** What {@link usePages} gives: what a list shows of it, and how the whole of it is. */
export interface Pages<T> {
  /** Undefined until the first answer. */
  data: Page<T> | undefined;
  /** How many there are. */
  total: number;
  row: (index: number) => T | undefined;
  /** The pages that are there. */
  loaded: T[][];
  onRange: (first: number, last: number) => void;
  error: unknown;
  refetch: () => void;
}

const REST_MS = 200;

/** A text that is typed, once it has rested a moment; nothing when it is empty. */
export function useSettled(text: string | undefined): string | undefined {
  return useDebouncedValue(text?.trim() || undefined, REST_MS)[0];
}

/** The rows that `page` asks for; while another question is on its way, the answer to the last one stays. */
export function usePages<T>(page: (number: number) => object & Question<unknown>): Pages<T> {
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const onRange = useCallback((first: number, last: number) => {
    const [low, high] = [Math.floor(first / PAGE), Math.floor(last / PAGE)];
    setRange((old) => (old[0] === low && old[1] === high ? old : [low, high]));
  }, []);
  const numbers = useMemo(() => [...new Set([0, range[0], range[1]])], [range]);
  const pages = useQueries({ queries: numbers.map((number) => page(number) as never) }) as UseQueryResult<Page<T>>[];
  const fresh = pages[0]?.data;
  const [kept, setKept] = useState<Page<T>>();
  useEffect(() => {
    if (fresh) setKept(fresh);
  }, [fresh]);
  const data = fresh ?? kept;
  return {
    data,
    total: data?.total ?? 0,
    row: (index) => {
      const number = Math.floor(index / PAGE);
      const found = number === 0 ? data : pages[numbers.indexOf(number)]?.data;
      return found?.items[index % PAGE];
    },
    loaded: [data, ...pages.slice(1).map((one) => one.data)].flatMap((one) => (one ? [one.items] : [])),
    onRange,
    error: pages.find((one) => one.error)?.error ?? null,
    refetch: () => void Promise.all(pages.map((one) => one.refetch())),
  };
}
