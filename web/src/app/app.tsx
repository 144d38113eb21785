/** The console itself: session first, then everything else. */

import { QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useCallback, useDeferredValue, useEffect, useMemo } from 'react';
import { useCredentials } from '../api/client';
import type { Session } from '../api/own';
import { SignIn } from '../pages/sign-in';
import { Failure, Waiting } from '../ui/parts';
import { client, SESSION_KEY, session } from './client';
import { SharedProvider } from './context';
import { begin } from './first';
import { Live } from './live';
import { router } from './router';

function SignedIn({ who }: { who: Session }) {
  const queries = useQueryClient();
  const live = useMemo(() => new Live(queries), [queries]);
  useEffect(() => live.start(), [live]);
  const shared = useMemo(() => ({ session: who, live }), [who, live]);
  return (
    <SharedProvider value={shared}>
      <RouterProvider router={router} />
    </SharedProvider>
  );
}

function Gate() {
  const who = useQuery(session());
  const expired = useCallback(() => client.setQueryData(SESSION_KEY, null), []);
  useCredentials(who.data ?? undefined, expired);
  // Drawing the frame and the page takes long: the browser may do other things in between.
  const shown = useDeferredValue(who.data);
  if (shown) return <SignedIn who={shown} />;
  if (shown === null) return <SignIn />;
  return (
    <main className="center">
      {who.error ? <Failure error={who.error} retry={() => who.refetch()} /> : <Waiting />}
    </main>
  );
}

begin();

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
