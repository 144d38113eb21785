/** What the parts of an editor are seen against: the project, its values, and the last answer. */

import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { run, type Values } from '../../api/tester';

export interface AgainstWhat {
  id: string;
  version: number;
  values: Values;
  /** The run that is shown. */
  run?: string;
}

/** Against what expressions are evaluated. */
export const Against = createContext<AgainstWhat>({ id: '', version: 0, values: {} });

/** Where the shown run is: another text as soon as there may be a newer answer. */
export function useAnswered(): string {
  const { run: id = '' } = useContext(Against);
  const shown = useQuery({ ...run(id), enabled: id !== '', select: ({ state, requests }) => `${state} ${requests}` });
  return `${id} ${shown.data ?? ''}`;
}
