/** Reads a log as it grows. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { body, core } from '../api/client';
import type { LogLine } from './log';

/** Largest page of the log call. */
const PAGE = 200;
/** Most lines kept in the page; earlier ones are in the download. */
const KEPT = 20_000;

async function page(id: string, startIndex: number, count: number) {
  const query = { startIndex, count, order: 'ASC' as const };
  return body(core.GET('/monitoring/executions/{id}/logs', { params: { path: { id }, query } }));
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
          const from = next.current;
          const { data = [] } = await page(id, from, PAGE);
          if (data.length === 0) break;
          next.current = from + data.length;
          const more = data.map((entry, number) => ({
            index: from + number,
            at: entry.logTimestamp ?? 0,
            severity: entry.severity ?? 'INFO',
            text: entry.logMessage ?? '',
          }));
          setLines((old) => [...old, ...more]);
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

  return { lines, left: Math.max(0, left.current), total, error: error ?? size.error, ready: size.data !== undefined };
}
