/** A task or plan by its id: its name with a link. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { namesOf, plans, tasks } from '../api/queries';
import { useScope } from '../app/context';

/** Names of all tasks and plans of the environment by id. */
export function useExecutableNames(): Map<string, string> {
  const { query } = useScope();
  const all = { environmentId: query.environmentId };
  const named = useQuery(tasks(all));
  const planned = useQuery(plans(all));
  return useMemo(() => {
    const names = namesOf(named.data);
    for (const plan of planned.data ?? []) names.set(plan.executable, plan.name);
    return names;
  }, [named.data, planned.data]);
}

/** The link. */
export function ExecutableLink(props: { id: string; plan: boolean; names: Map<string, string>; row?: boolean }) {
  const name = props.names.get(props.id) ?? props.id;
  const look = props.row ? 'row-link' : undefined;
  return props.plan ? (
    <Link className={look} to="/plans/$id" params={{ id: props.id }}>
      {name}
    </Link>
  ) : (
    <Link className={look} to="/tasks/$id" params={{ id: props.id }}>
      {name}
    </Link>
  );
}
