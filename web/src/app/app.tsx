/** The console itself: session first, then everything else. */

import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useEffect, useMemo } from 'react';
import { Problem, raw, useCredentials } from '../api/client';
import type { Session } from '../api/own';
import { environments, workspaces } from '../api/queries';
import { SignIn } from '../pages/sign-in';
import { Failure, Waiting } from '../ui/parts';
import { SharedProvider } from './context';
import { Live } from './live';
import { router } from './router';

const client = new QueryClient({
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

async function readSession(): Promise<Session | null> {
  try {
    return await raw<Session>('/stoker/v1/session');
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

function SignedIn({ session }: { session: Session }) {
  const queries = useQueryClient();
  const live = useMemo(() => new Live(queries), [queries]);
  useEffect(() => live.start(), [live]);
  const shared = useMemo(() => ({ session, live }), [session, live]);
  return (
    <SharedProvider value={shared}>
      <RouterProvider router={router} />
    </SharedProvider>
  );
}

function Gate() {
  const queries = useQueryClient();
  const session = useQuery({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: Number.POSITIVE_INFINITY });
  const expired = useCallback(() => queries.setQueryData(SESSION_KEY, null), [queries]);
  useCredentials(session.data ?? undefined, expired);
  // Drawing the frame and the page takes long: the browser may do other things in between.
  const shown = useDeferredValue(session.data);
  if (shown) return <SignedIn session={shown} />;
  if (shown === null) return <SignIn />;
  return (
    <main className="center">
      {session.error ? <Failure error={session.error} retry={() => session.refetch()} /> : <Waiting />}
    </main>
  );
}

// The document of somebody who is signed in asks for these already; what is read here is taken from there.
if (document.querySelector('link[rel="preload"][as="fetch"]')) {
  void client.prefetchQuery({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: Number.POSITIVE_INFINITY });
  void client.prefetchQuery(environments());
  void client.prefetchQuery(workspaces());
}

// The page of this address is fetched while the session is asked for. Should that fail, opening the page says so.
router.preloadRoute({ to: window.location.pathname }).catch(() => undefined);

/** Everything below the design system. */
export function App() {
  return (
    <QueryClientProvider client={client}>
      <Gate />
    </QueryClientProvider>
  );
}
