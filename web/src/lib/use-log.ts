/** Reads a log as it grows. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { body, core } from '../api/client';
import type { LogLine } from './log';

/** Largest page of the log call. */
const PAGE = 200;
/** Most lines kept in the page; earlier ones are in the download. */
const KEPT = 100_000;
/** Most characters kept in the page. */
const KEPT_TEXT = 50_000_000;
/** Pages that are fetched side by side. */
const AT_ONCE = 5;

async function page(id: string, startIndex: number, count: number) {
  const query = { startIndex, count, order: 'ASC' as const };
  return body(core.GET('/monitoring/executions/{id}/logs', { params: { path: { id }, query } }));
}

/** The lines with further ones, without the first of them when they become too many; what is left out is counted. */
export function kept(lines: LogLine[], more: LogLine[], limit = KEPT, text = KEPT_TEXT): LogLine[] {
  const all = [...lines, ...more];
  let size = all.reduce((sum, line) => sum + line.text.length, 0);
  let from = Math.max(0, all.length - limit);
  for (let at = 0; at < from; at += 1) size -= all[at]?.text.length ?? 0;
  while (size > text && from < all.length - 1) {
    size -= all[from]?.text.length ?? 0;
    from += 1;
  }
  return from === 0 ? all : all.slice(from);
}

/** Some pages of the log, one after the other as they lie in it. */
async function pages(id: string, from: number, total: number): Promise<LogLine[]> {
  const starts = Array.from({ length: AT_ONCE }, (_, number) => from + number * PAGE).filter((at) => at < total);
  const found = await Promise.all(starts.map((start) => page(id, start, PAGE)));
  const lines: LogLine[] = [];
  for (const [number, { data = [] }] of found.entries()) {
    const start = starts[number] ?? from;
    for (const [offset, entry] of data.entries()) {
      const text = entry.logMessage ?? '';
      lines.push({ index: start + offset, at: entry.logTimestamp ?? 0, severity: entry.severity ?? 'INFO', text });
    }
    // A page that is not full ends what is there.
    if (data.length < PAGE) break;
  }
  return lines;
}

/** The lines of a run, all of them up to a limit, and how many were left out at the front. */
export function useLog(id: string): { lines: LogLine[]; left: number; total: number; error: unknown; ready: boolean } {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [error, setError] = useState<unknown>();
  const busy = useRef(false);
  const size = useQuery({
    queryKey: ['logs', 'size', id],
    queryFn: async () => (await page(id, 0, 1)).totalSize,
    refetchInterval: 20_000,
  });
  const total = size.data ?? 0;
  const left = useRef(-1);
  const next = useRef(0);

  useEffect(() => {
    if (busy.current || size.data === undefined) return;
    if (left.current < 0) {
      left.current = Math.max(0, size.data - KEPT);
      next.current = left.current;
    }
    let alive = true;
    const load = async () => {
      busy.current = true;
      try {
        while (alive && next.current < total) {
          const more = await pages(id, next.current, total);
          if (more.length === 0) break;
          next.current += more.length;
          setLines((old) => kept(old, more));
        }
        setError(undefined);
      } catch (problem) {
        setError(problem);
      } finally {
        busy.current = false;
      }
    };
    void load();
    return () => {
      alive = false;
    };
  }, [id, total, size.data]);

  const first = lines[0]?.index ?? Math.max(0, left.current);
  return { lines, left: first, total, error: error ?? size.error, ready: size.data !== undefined };
}
