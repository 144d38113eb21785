/** A list of runs of any length: its head follows what happens, what is below is fetched as one comes to it. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { HISTORY_PAGE, HISTORY_WINDOW, type HistorySearch, historyHead, historyPage, type Past } from '../api/work';
import { stateOf } from '../texts/status';
import { before, extended, patched, unchanged } from './run-search';

type Page = { items: Past[]; nextPageExists: boolean };
/** Fetches a page of the list at an offset. */
export type Fetch = (search: HistorySearch, offset: number) => Promise<Page>;

/** Where the next page begins: within a window by offset, or in a window that begins where the last one ended. */
interface Cursor {
  search: HistorySearch;
  offset: number;
}

interface Rows {
  /** What was asked for. */
  key: string;
  items: Past[];
  next: Cursor | undefined;
}

/** Most runs whose state is asked for by id. */
const WATCHED = 50;

/** The end of the list so far, as the place from which it goes on. */
export function nextCursor(cursor: Cursor, page: Page, search: HistorySearch): Cursor | undefined {
  if (!page.nextPageExists && cursor.offset + page.items.length < HISTORY_WINDOW) return undefined;
  const offset = cursor.offset + page.items.length;
  if (offset < HISTORY_WINDOW) return { ...cursor, offset };
  const end = page.items.at(-1)?.runEndTime;
  // Thousands of open runs at once have no end to go on from; filters show the rest.
  if (end === undefined) return undefined;
  return { search: before(search, end), offset: 0 };
}

/** The list. `windows` is false where pages can only be reached by offset. */
export function useHistory(asked: HistorySearch, enabled: boolean, fetch: Fetch = historyPage, windows = true) {
  const key = JSON.stringify(asked);
  const search = useMemo(() => JSON.parse(key) as HistorySearch, [key]);
  const [rows, setRows] = useState<Rows>({ key: '', items: [], next: undefined });
  const [top, setTop] = useState(true);
  const [seen, setSeen] = useState<[number, number]>([0, 0]);
  const [error, setError] = useState<unknown>();
  const loading = useRef(false);

  const head = useQuery({
    ...historyHead(search, fetch),
    enabled,
    placeholderData: keepPreviousData,
  });
  const fresh = head.isPlaceholderData ? undefined : head.data;

  useEffect(() => {
    if (!fresh) return;
    setRows((old) => {
      if (old.key === key && !top) return { ...old, items: patched(old.items, fresh.items) };
      const start = { search, offset: 0 };
      const next = windows
        ? nextCursor(start, fresh, search)
        : fresh.nextPageExists
          ? { search, offset: fresh.items.length }
          : undefined;
      return { key, items: old.key === key ? unchanged(old.items, fresh.items) : fresh.items, next };
    });
  }, [fresh, key, search, top, windows]);

  const current = rows.key === key ? rows : undefined;
  const newer = useMemo(() => {
    if (top || !current || !fresh) return false;
    const known = new Set(current.items.map((one) => one.id));
    return fresh.items.some((one) => !known.has(one.id));
  }, [top, current, fresh]);

  // What can be seen and may still change, further down than the head.
  const watched = useMemo(() => {
    if (top || !current) return [];
    const visible = current.items.slice(seen[0], seen[1] + 1);
    return visible.filter((one) => !stateOf(one.status).done).map((one) => one.id);
  }, [top, current, seen]);
  const states = useQuery({
    queryKey: ['runs', 'states', watched],
    queryFn: () =>
      historyPage(
        {
          environmentId: search.environmentId,
          exclude: search.exclude,
          filters: [{ field: 'id', operator: 'in', value: watched.slice(0, WATCHED) }],
        },
        0,
        WATCHED,
      ),
    enabled: windows && watched.length > 0,
  });
  useEffect(() => {
    const found = states.data?.items;
    if (found) setRows((old) => ({ ...old, items: patched(old.items, found) }));
  }, [states.data]);

  const next = current?.next;
  const more = useCallback(async () => {
    if (!next || loading.current) return;
    loading.current = true;
    setError(undefined);
    try {
      const page = await fetch(next.search, next.offset);
      setRows((old) => {
        if (old.key !== key || old.next !== next) return old;
        const after = windows
          ? nextCursor(next, page, search)
          : page.nextPageExists
            ? { search, offset: next.offset + page.items.length }
            : undefined;
        return { key, items: extended(old.items, page.items), next: after };
      });
    } catch (problem) {
      setError(problem);
    } finally {
      loading.current = false;
    }
  }, [next, key, search, fetch, windows]);

  const onRange = useCallback(
    (first: number, last: number) => {
      setSeen((old) => (old[0] === first && old[1] === last ? old : [first, last]));
      if (current && next && last > current.items.length - HISTORY_PAGE / 2) void more();
    },
    [current, next, more],
  );

  return {
    items: current?.items,
    hasMore: next !== undefined,
    newer,
    error: error ?? head.error,
    retry: () => void (error ? more() : head.refetch()),
    onRange,
    /** Told whether the list stands at its top: only there rows may move. */
    onTop: setTop,
  };
}
