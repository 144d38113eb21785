/** What is typed in projects and not stored, kept as long as the console is open, for whoever is signed in. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { client } from '../../app/client';
import type { Draft } from './use-project';

/** Not below the key of what is read, so that news do not touch it; whoever signs out takes it along. */
const KEY = 'tester-draft';

client.setQueryDefaults([KEY], { gcTime: Number.POSITIVE_INFINITY });

const all = () => client.getQueryCache().findAll({ queryKey: [KEY] });

// Wherever in the console one is: closing the window asks first.
window.addEventListener('beforeunload', (event) => {
  if (all().some((query) => query.state.data !== undefined)) event.preventDefault();
});

/** The draft of one project. */
export function useProjectDrafts(user: string, project: string) {
  return useMemo(() => {
    const key = [KEY, user, project];
    return {
      read: () => client.getQueryData<Draft>(key),
      write: (draft: Draft | undefined) => {
        if (draft) client.setQueryData(key, draft);
        else client.removeQueries({ queryKey: key });
      },
    };
  }, [user, project]);
}

/** Ids of the projects in which something is typed that is not stored. */
export function useDrafted(user: string): Set<string> {
  // Looked at when the page is opened: nothing is typed while the list is shown.
  const { data } = useQuery({
    queryKey: ['tester', 'drafted', user],
    queryFn: () => all().flatMap(({ queryKey: [, who, id] }) => (who === user ? [String(id)] : [])),
    gcTime: 0,
  });
  return new Set(data);
}
