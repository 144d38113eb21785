/** The engines of an environment, and making a new one. */

import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { body, core } from '../api/client';
import { clusters, type Engine, engines } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { t } from '../texts/pages';
import { List } from '../ui/list';
import { Badge, Dialog, Empty, Failure, Head, Waiting } from '../ui/parts';

/** The engines of an environment. */
export function ofEnvironment(all: Engine[] | undefined, environmentId: string | undefined): Engine[] {
  return (all ?? []).filter((one) => one.workspace?.environment?.id === environmentId);
}

/** Whether an engine can work. */
export function EngineBadge({ engine }: { engine: Engine }) {
  if (engine.status !== 'PAIRED') return <Badge tone="idle">{t.engines.notPaired}</Badge>;
  if (engine.availability === 'AVAILABLE') return <Badge tone="good">{t.engines.available}</Badge>;
  return <Badge tone="bad">{t.engines.away}</Badge>;
}

function NewEngine({ open, close }: { open: boolean; close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [workspace, setWorkspace] = useState<string | null>(null);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const made = await body(
        core.POST('/processing/runtimes/remote-engines', {
          body: { name, environmentId: scope.environment?.id ?? '', workspaceId: workspace ?? undefined },
        }),
      );
      await queries.invalidateQueries({ queryKey: ['engines'] });
      await navigate({ to: '/engines/$id', params: { id: made.id } });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open={open} close={close} title={t.engines.new}>
      <form onSubmit={submit}>
        <Stack>
          <Text className="muted">{t.engines.newHint}</Text>
          <TextInput
            label={t.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
          />
          <Select
            label={t.workspace}
            placeholder={t.engines.anyWorkspace}
            data={scope.workspaces.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
            value={workspace}
            onChange={setWorkspace}
            clearable
            clearButtonProps={{ 'aria-label': t.engines.anyWorkspace }}
          />
          {error !== undefined && <Failure error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t.cancel}
            </Button>
            <Button type="submit" loading={busy}>
              {t.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

export function Engines() {
  const scope = useScope();
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  const may = useMay('TMC_ENGINE_MANAGEMENT', 'TMC_ENGINE_USE');
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState(false);
  const clusterNames = new Map((groups.data ?? []).map((one) => [one.id, one.name]));
  const shown = ofEnvironment(all.data, scope.environment?.id).filter((one) =>
    one.name.toLowerCase().includes(search.trim().toLowerCase()),
  );
  return (
    <div className="page">
      <Head title={t.engines.title}>
        {may && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {t.engines.new}
          </Button>
        )}
      </Head>
      <NewEngine open={open} close={() => setOpen(false)} />
      <Group>
        <TextInput
          aria-label={t.engines.search}
          placeholder={t.engines.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </Group>
      {all.error ? (
        <Failure error={all.error} retry={() => all.refetch()} />
      ) : !all.data ? (
        <Waiting />
      ) : (
        <List
          label={t.engines.title}
          count={shown.length}
          row={(index) => shown[index]}
          rowKey={(one) => one.id}
          columns={[
            { key: 'state', title: t.engines.status, width: '8rem', cell: (one) => <EngineBadge engine={one} /> },
            {
              key: 'name',
              title: t.name,
              width: 'minmax(8rem, 2fr)',
              cell: (one) => (
                <Link className="row-link" to="/engines/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              ),
            },
            {
              key: 'workspace',
              title: t.workspace,
              width: 'minmax(6rem, 1fr)',
              wide: true,
              cell: (one) => one.workspace?.name ?? t.engines.anyWorkspace,
            },
            {
              key: 'cluster',
              title: t.engines.cluster,
              width: 'minmax(6rem, 1fr)',
              wide: true,
              cell: (one) => (one.clusterId ? (clusterNames.get(one.clusterId) ?? one.clusterId) : '–'),
            },
            {
              key: 'id',
              title: t.engines.id,
              width: '14rem',
              wide: true,
              cell: (one) => <span className="mono">{one.id}</span>,
            },
          ]}
          empty={
            <Empty
              title={t.engines.none}
              action={may && <Button onClick={() => setOpen(true)}>{t.engines.new}</Button>}
            >
              {t.engines.noneHint}
            </Empty>
          }
        />
      )}
    </div>
  );
}
