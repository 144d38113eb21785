/** The tasks of an environment. */

import { Button, Group, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { artifacts, tasks } from '../api/queries';
import { useMay, useScope, useWorkspacesWith } from '../app/context';
import { t } from '../texts/pages';
import { List } from '../ui/list';
import { Badge, Empty, Failure, Head, isLost, Waiting } from '../ui/parts';
import { useRuntimeNames } from './runs';

export function Tasks() {
  const search = useSearch({ from: '/tasks' });
  const navigate = useNavigate({ from: '/tasks' });
  const { query: scope } = useScope();
  const list = useQuery(tasks(scope));
  const built = useQuery(artifacts({ environmentId: scope.environmentId }));
  const places = useRuntimeNames();
  const writes = useWorkspacesWith('AUTHOR').length > 0;
  const may = useMay('TMC_OPERATOR') && writes;
  const names = new Map((built.data ?? []).map((one) => [one.id, one.name]));
  const wanted = (search.name ?? '').trim().toLowerCase();
  const shown = (list.data ?? []).filter(
    (one) =>
      (one.name ?? '').toLowerCase().includes(wanted) && (!search.artifact || one.artifactId === search.artifact),
  );
  const make = (
    <Button component={Link} to="/tasks/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t.tasks.new}
    </Button>
  );
  return (
    <div className="page">
      <Head title={t.tasks.title}>{may && make}</Head>
      <Group>
        <TextInput
          aria-label={t.tasks.search}
          placeholder={t.tasks.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search.name ?? ''}
          onChange={(event) => {
            const name = event.currentTarget.value || undefined;
            void navigate({ search: (old) => ({ ...old, name }), replace: true });
          }}
        />
      </Group>
      {isLost(list) ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.tasks.title}
          count={shown.length}
          row={(index) => shown[index]}
          rowKey={(one) => one.executable ?? ''}
          columns={[
            {
              key: 'name',
              title: t.name,
              width: 'minmax(8rem, 2fr)',
              cell: (one) => (
                <Link className="row-link" to="/tasks/$id" params={{ id: one.executable ?? '' }}>
                  {one.name}
                </Link>
              ),
            },
            {
              key: 'state',
              title: t.tasks.state,
              width: '7rem',
              cell: (one) =>
                one.taskPauseDetails?.pause ? (
                  <Badge tone="warn">{t.tasks.paused}</Badge>
                ) : !(one.runtime as { id?: string } | undefined)?.id ? (
                  <Badge tone="idle">{t.tasks.draft}</Badge>
                ) : (
                  <Badge tone="good">{t.tasks.ready}</Badge>
                ),
            },
            {
              key: 'artifact',
              title: t.tasks.artifact,
              width: 'minmax(6rem, 1.5fr)',
              wide: true,
              cell: (one) => names.get(one.artifactId ?? '') ?? one.artifactId,
            },
            {
              key: 'where',
              title: t.tasks.where,
              width: 'minmax(6rem, 1fr)',
              wide: true,
              cell: (one) => {
                const id = (one.runtime as { id?: string } | undefined)?.id ?? '';
                return places.get(id) ?? (id || '–');
              },
            },
            {
              key: 'workspace',
              title: t.workspace,
              width: 'minmax(5rem, 1fr)',
              wide: true,
              cell: (one) => one.workspace?.name,
            },
            {
              key: 'tags',
              title: t.tasks.tags,
              width: 'minmax(4rem, 1fr)',
              wide: true,
              cell: (one) => one.tags?.join(', '),
            },
          ]}
          empty={
            wanted || search.artifact ? (
              <Empty title={t.tasks.noMatch} />
            ) : (
              <Empty
                title={t.tasks.none}
                action={
                  built.data?.length === 0 ? (
                    <Link to="/artifacts">{t.tasks.fromArtifact}</Link>
                  ) : may ? (
                    make
                  ) : undefined
                }
              >
                {t.tasks.noneHint}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}
