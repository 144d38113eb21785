/** The plans that run something, as a part of its page. */

import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { planPage } from '../api/pages';
import type { PlanItem } from '../api/queries';
import { plansOnEngine } from '../api/used-by';
import { b } from '../texts/bulk';
import { Failure, isLost, Panel, Waiting } from './parts';

/** Names shown before the rest is counted. */
const SHOWN = 20;

function Rows(props: {
  title: string;
  none: string;
  found: { data?: PlanItem[]; error: unknown; refetch: () => unknown };
  total?: number;
}) {
  const { found } = props;
  const shown = (found.data ?? []).slice(0, SHOWN);
  const rest = (props.total ?? found.data?.length ?? 0) - shown.length;
  return (
    <Panel title={props.title}>
      {isLost(found) ? (
        <Failure error={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Waiting />
      ) : shown.length === 0 ? (
        <Text className="muted">{props.none}</Text>
      ) : (
        <ul className="rows">
          {shown.map((plan) => (
            <li key={plan.executable}>
              <span className="grow line">
                <Link to="/plans/$id" params={{ id: plan.executable }}>
                  {plan.name}
                </Link>
              </span>
              <span className="muted">{plan.workspace?.name}</span>
            </li>
          ))}
          {rest > 0 && <li className="muted">{b.usedBy.more(rest)}</li>}
        </ul>
      )}
    </Panel>
  );
}

/** Those that have a task in a step or as a failure handler. */
export function PlansWithTask({ environmentId, taskId }: { environmentId: string | undefined; taskId: string }) {
  const found = useQuery(planPage({ environmentId, taskId }, 0));
  const rows = { data: found.data?.items, error: found.error, refetch: found.refetch };
  return <Rows title={b.usedBy.title} none={b.usedBy.none} found={rows} total={found.data?.total} />;
}

/** Those that have a task which runs on an engine or cluster. */
export function PlansOnEngine({ environmentId, id }: { environmentId: string | undefined; id: string }) {
  return <Rows title={b.usedBy.engine} none={b.usedBy.engineNone} found={useQuery(plansOnEngine(environmentId, id))} />;
}
