/** Artifacts: dropping a new one, the list, and one with its versions. */

import { Button, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { artifacts, artifactVersion, tasks } from '../api/queries';
import { useMay, useScope, useWorkspacesWith } from '../app/context';
import { t } from '../texts/pages';
import { List } from '../ui/list';
import { isSecret } from '../ui/parameters';
import { Empty, Facts, Failure, Head, Id, isLost, Moment, useNow, Waiting } from '../ui/parts';
import { Drop } from './artifact-drop';

export function Artifacts() {
  const { query: scope } = useScope();
  const list = useQuery(artifacts(scope));
  const may = useMay('TMC_OPERATOR');
  const places = useWorkspacesWith('PUBLISH');
  const [search, setSearch] = useState('');
  const shown = (list.data ?? []).filter((one) => one.name.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <div className="page">
      <Head title={t.artifacts.title} />
      {may && places.length > 0 && <Drop />}
      <Group>
        <TextInput
          aria-label={t.artifacts.search}
          placeholder={t.artifacts.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </Group>
      {isLost(list) ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.artifacts.title}
          count={shown.length}
          row={(index) => shown[index]}
          rowKey={(one) => one.id}
          columns={[
            {
              key: 'name',
              title: t.name,
              width: 'minmax(8rem, 2fr)',
              cell: (one) => (
                <Link className="row-link" to="/artifacts/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              ),
            },
            { key: 'newest', title: t.artifacts.newest, width: '8rem', cell: (one) => one.versions[0] },
            {
              key: 'count',
              title: t.artifacts.versions,
              width: '6rem',
              wide: true,
              cell: (one) => one.versions.length,
            },
            { key: 'type', title: t.artifacts.type, width: 'minmax(5rem, 1fr)', wide: true, cell: (one) => one.type },
            {
              key: 'workspace',
              title: t.workspace,
              width: 'minmax(5rem, 1fr)',
              wide: true,
              cell: (one) => one.workspace.name,
            },
          ]}
          empty={
            search ? (
              <Empty title={t.artifacts.noMatch} />
            ) : (
              <Empty title={t.artifacts.none}>{t.artifacts.noneHint}</Empty>
            )
          }
        />
      )}
    </div>
  );
}

export function ArtifactPage() {
  const { id } = useParams({ from: '/artifacts/$id' });
  const now = useNow(30_000);
  const { query: scope } = useScope();
  const list = useQuery(artifacts({ environmentId: scope.environmentId }));
  const users = useQuery(tasks({ environmentId: scope.environmentId }));
  const may = useMay('TMC_OPERATOR');
  const [shown, setShown] = useState<string>();
  const it = (list.data ?? []).find((one) => one.id === id);
  const version = shown ?? it?.versions[0] ?? '';
  const details = useQuery(artifactVersion(it ? id : '', version));
  if (isLost(list)) return <Failure error={list.error} retry={() => list.refetch()} />;
  if (!list.data) return <Waiting />;
  if (!it) return <Empty title={t.gone} action={<Link to="/artifacts">{t.nav.artifacts}</Link>} />;
  const mine = (users.data ?? []).filter((task) => task.artifactId === id);
  const parameters = details.data?.parameters ?? [];
  return (
    <div className="page">
      <Head title={it.name}>
        {may && (
          <Button
            renderRoot={(props) => <Link {...props} to="/tasks/new" search={{ artifact: id }} />}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t.artifacts.makeTask}
          </Button>
        )}
      </Head>
      <div className="columns">
        <section className="panel">
          <Title order={2} size="h2">
            {t.artifacts.facts}
          </Title>
          <Stack gap="sm">
            <Select
              label={t.artifacts.version}
              data={it.versions}
              value={version}
              onChange={(one) => setShown(one ?? undefined)}
            />
            <Facts
              rows={[
                [t.artifacts.type, it.type],
                [t.workspace, it.workspace.name ?? '–'],
                [t.artifacts.publisher, details.data?.publisher ?? '–'],
                [t.engine.created, <Moment key="created" at={details.data?.createDate} now={now} />],
                [t.id, <Id key="id" id={it.id} what={t.id} />],
              ]}
            />
          </Stack>
        </section>
        <section className="panel">
          <Title order={2} size="h2">
            {t.artifacts.parameters(version)}
          </Title>
          {details.error ? (
            <Failure error={details.error} />
          ) : parameters.length === 0 ? (
            <Text className="muted">{t.artifacts.noParameters}</Text>
          ) : (
            <Facts
              rows={parameters.map((one) => [
                one.name,
                <span key={one.name}>
                  <span className="mono">{isSecret(one.type) ? '••••••' : (one.value ?? '')}</span>{' '}
                  <span className="muted">{[one.type, one.comment].filter(Boolean).join(' · ')}</span>
                </span>,
              ])}
            />
          )}
        </section>
        <section className="panel">
          <Title order={2} size="h2">
            {t.artifacts.usedBy}
          </Title>
          {mine.length === 0 ? (
            <Text className="muted">{t.artifacts.unused}</Text>
          ) : (
            <ul className="rows">
              {mine.map((task) => (
                <li key={task.executable}>
                  <Link to="/tasks/$id" params={{ id: task.executable ?? '' }}>
                    {task.name}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </div>
  );
}
