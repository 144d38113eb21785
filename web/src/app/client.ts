/** What was read and how long it counts; one for the whole console. */

import { QueryClient, queryOptions } from '@tanstack/react-query';
import { Problem, raw } from '../api/client';
import type { Session } from '../api/own';

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A refusal stays one; only a lost connection is worth another try.
      retry: (count, error) => error instanceof Problem && (error.status === 0 || error.status >= 502) && count < 2,
      refetchOnWindowFocus: false,
    },
  },
});

export const SESSION_KEY = ['session'];

/** Who is signed in; `null` when nobody is. */
export const session = () =>
  queryOptions({
    queryKey: SESSION_KEY,
    queryFn: async (): Promise<Session | null> => {
      try {
        return await raw<Session>('/stoker/v1/session');
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
