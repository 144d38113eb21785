/** Fields for the connections and resources that a job asks for. */

import { Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useScope } from '../app/context';
import { wantedConnections, wantedResources } from '../lib/task-links';
import { w } from '../texts/work';
import { FoundSelect } from './found';

type Links = Record<string, string>;

/** What a task is given beside values. */
export interface Linked {
  connections: Links;
  resources: Links;
}

function without(links: Links, key: string, id: string | null): Links {
  const { [key]: _, ...rest } = links;
  return id ? { ...rest, [key]: id } : rest;
}

/** One choice for each of them; what is chosen has to lie in the environment of the task. */
export function LinkFields(props: {
  declared: string[];
  value: Linked;
  change: (part: Partial<Linked>) => void;
  error?: (field: string) => string | undefined;
}) {
  const { declared, value, change, error } = props;
  const scope = useScope();
  const inside = { environmentId: scope.environment?.id };
  const joined = wantedConnections(declared, value.connections);
  const paths = wantedResources(declared, value.resources);
  if (joined.length === 0 && paths.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={3} size="h3">
        {w.links.title}
      </Title>
      {joined.map(({ key, fills }) => (
        <FoundSelect
          key={key}
          kind="connection"
          scope={inside}
          label={w.links.connection(key)}
          description={fills.length > 0 ? w.links.fills(fills.join(', ')) : undefined}
          placeholder={w.links.pickConnection}
          value={value.connections[key] ?? null}
          change={(id) => change({ connections: without(value.connections, key, id) })}
          error={error?.(`connections.${key}`)}
          none={w.links.noConnection}
          clearable
          clear={w.links.none}
        />
      ))}
      {paths.map(({ key, file }) => (
        <FoundSelect
          key={key}
          kind="resource"
          scope={inside}
          label={file ? w.links.file(key) : w.links.folder(key)}
          placeholder={w.links.pickResource}
          only={(one) => one.file === file}
          value={value.resources[key] ?? null}
          change={(id) => change({ resources: without(value.resources, key, id) })}
          error={error?.(`resources.${key}`)}
          none={w.links.noResource}
          clearable
          clear={w.links.none}
        />
      ))}
      <Text size="sm" className="muted">
        {w.links.hint} <Link to="/manage/connections">{w.links.toConnections}</Link> ·{' '}
        <Link to="/manage/resources">{w.links.toResources}</Link>
      </Text>
    </Stack>
  );
}
