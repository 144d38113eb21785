/** Fields for the connections and resources that a job asks for. */

import { Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { connections, resources } from '../api/infra';
import { useMay, useScope } from '../app/context';
import { wantedConnections, wantedResources } from '../lib/task-links';
import { w } from '../texts/work';
import { Failure } from './parts';

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
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT');
  const inside = { environmentId: scope.environment?.id };
  const joined = wantedConnections(declared, value.connections);
  const paths = wantedResources(declared, value.resources);
  const known = useQuery(connections(inside, may && joined.length > 0));
  const files = useQuery(resources(inside, may && paths.length > 0));
  if (joined.length === 0 && paths.length === 0) return null;
  const option = (one: { id?: string; name?: string }) => ({ value: one.id ?? '', label: one.name ?? '' });
  return (
    <Stack gap="xs">
      <Title order={3} size="h3">
        {w.links.title}
      </Title>
      {[known, files].map((list) => list.error && <Failure key="failure" error={list.error} retry={list.refetch} />)}
      {joined.map(({ key, fills }) => (
        <Select
          key={key}
          label={w.links.connection(key)}
          description={fills.length > 0 ? w.links.fills(fills.join(', ')) : undefined}
          placeholder={w.links.pickConnection}
          data={(known.data ?? []).map((one) => ({ value: one.id, label: `${one.name} (${one.app})` }))}
          value={value.connections[key] ?? null}
          onChange={(id) => change({ connections: without(value.connections, key, id) })}
          error={error?.(`connections.${key}`)}
          nothingFoundMessage={w.links.noConnection}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': w.links.none }}
        />
      ))}
      {paths.map(({ key, file }) => (
        <Select
          key={key}
          label={file ? w.links.file(key) : w.links.folder(key)}
          placeholder={w.links.pickResource}
          data={(files.data ?? []).filter((one) => one.file === file).map(option)}
          value={value.resources[key] ?? null}
          onChange={(id) => change({ resources: without(value.resources, key, id) })}
          error={error?.(`resources.${key}`)}
          nothingFoundMessage={w.links.noResource}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': w.links.none }}
        />
      ))}
      <Text size="sm" className="muted">
        {w.links.hint} <Link to="/manage/connections">{w.links.toConnections}</Link> ·{' '}
        <Link to="/manage/resources">{w.links.toResources}</Link>
      </Text>
    </Stack>
  );
}
