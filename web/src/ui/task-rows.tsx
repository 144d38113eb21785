/** The tasks that use something, as a part of its page. */

import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type TaskFilter, taskPage } from '../api/pages';
import { t } from '../texts/pages';
import { Failure, isLost, Panel, Waiting } from './parts';

/** Names shown before the list of tasks is pointed at. */
const SHOWN = 20;

/** The panel; `filter` says what the tasks have in common, and needs the environment. */
export function TaskRows(props: { title: string; none: string; filter: TaskFilter; children?: React.ReactNode }) {
  const { filter } = props;
  const found = useQuery(taskPage(filter, 0, SHOWN));
  const items = found.data?.items ?? [];
  const rest = (found.data?.total ?? 0) - items.length;
  return (
    <Panel title={props.title}>
      {isLost(found) ? (
        <Failure error={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Waiting />
      ) : items.length === 0 ? (
        <Text className="muted">{props.none}</Text>
      ) : (
        <ul className="rows">
          {items.map((task) => (
            <li key={task.executable}>
              <span className="grow line">
                <Link to="/tasks/$id" params={{ id: task.executable ?? '' }}>
                  {task.name}
                </Link>
              </span>
            </li>
          ))}
          {rest > 0 && (
            <li>
              <Link
                to="/tasks"
                search={{
                  artifact: filter.artifactId,
                  place: filter.runtimeId,
                  connection: filter.connectionId,
                  resource: filter.resourceId,
                }}
              >
                {t.furtherTasks(rest)}
              </Link>
            </li>
          )}
        </ul>
      )}
      {props.children}
    </Panel>
  );
}
