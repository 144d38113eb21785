/** Which tasks use a connection or resource. */

import { Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { taskLinks } from '../api/infra';
import { infra } from '../texts/infra';
import { Failure, Waiting } from './parts';

const u = infra.uses;

/** The panel; asks each task of the environment what it uses. */
export function UsesPanel({ id, environmentId }: { id: string; environmentId: string | undefined }) {
  const links = useQuery(taskLinks(environmentId));
  const mine = links.data?.tasks.filter((task) => task.uses.includes(id)) ?? [];
  const cut = links.data !== undefined && links.data.tasks.length < links.data.all;
  return (
    <section className="panel">
      <Title order={2} size="h2">
        {u.title}
      </Title>
      {links.error ? (
        <Failure error={links.error} retry={() => links.refetch()} />
      ) : !links.data ? (
        <Waiting />
      ) : mine.length === 0 ? (
        <Text className="muted">
          {u.none} {u.noneHint}
        </Text>
      ) : (
        <ul className="rows">
          {mine.map((task) => (
            <li key={task.id}>
              <Link to="/tasks/$id" params={{ id: task.id }}>
                {task.name}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {cut && (
        <Text className="muted" mt="xs">
          {u.cut(links.data.tasks.length, links.data.all)}
        </Text>
      )}
    </section>
  );
}
