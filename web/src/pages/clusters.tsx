/** The clusters of an environment, and making a new one. */

import { MultiSelect, Select, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type Cluster, clusters, engines } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, NameFields, useAct, useFields } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { objectColumns } from '../ui/object-page';
import { Badge, Dialog } from '../ui/parts';
import { hasPart } from '../ui/pickers';
import { ofEnvironment } from './engines';
import { ProcessingTabs } from './processing';

const c = infra.clusters;

/** Whether a member of a cluster can work. */
export function ClusterBadge({ cluster }: { cluster: Pick<Cluster, 'availability'> }) {
  return cluster.availability === 'AVAILABLE' ? (
    <Badge tone="good">{c.available}</Badge>
  ) : (
    <Badge tone="bad">{c.away}</Badge>
  );
}

function NewCluster({ close }: { close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const all = useQuery(engines());
  const free = ofEnvironment(all.data, scope.environment?.id).filter((one) => !one.clusterId);
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const [workspace, setWorkspace] = useState<string | null>(null);
  const [members, setMembers] = useState<string[]>([]);
  const act = useAct('name', 'description', 'workspaceId');
  const make = async () => {
    const made = await body(
      core.POST('/processing/runtimes/remote-engine-clusters', {
        body: {
          name,
          description,
          environmentId: scope.environment?.id ?? '',
          workspaceId: workspace ?? '',
          remoteEngines: members,
        },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
    await navigate({ to: '/clusters/$id', params: { id: made.id } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{c.newHint}</Text>
        <NameFields edit={typed} act={act} />
        <Select
          label={t.workspace}
          placeholder={t.engines.anyWorkspace}
          data={scope.workspaces.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
          value={workspace}
          onChange={setWorkspace}
          error={act.at('workspaceId')}
          clearable
          clearButtonProps={{ 'aria-label': t.engines.anyWorkspace }}
        />
        <MultiSelect
          label={c.firstMembers}
          placeholder={members.length === 0 ? c.pickEngines : undefined}
          data={free.map((one) => ({ value: one.id, label: one.name }))}
          value={members}
          onChange={setMembers}
          searchable
        />
        <FormFoot act={act} label={t.create} close={close} />
      </Stack>
    </form>
  );
}

export function Clusters() {
  const scope = useScope();
  const search = useSearch({ from: '/clusters' });
  const list = useQuery(clusters());
  const all = useQuery(engines());
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const [open, setOpen] = useState(false);
  const here = (list.data ?? []).filter((one) => one.workspace?.environment?.id === scope.environment?.id);
  const shown = here.filter((one) => hasPart(one.name, search.name));
  const members = (id: string) => (all.data ?? []).filter((one) => one.clusterId === id).length;
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={c.new}>
        <NewCluster close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={c.title}
        make={may ? { label: c.new, act: () => setOpen(true) } : undefined}
        above={<ProcessingTabs />}
        filters={<FindField label={c.search} />}
        rows={{ query: list, all: here, shown }}
        rowKey={(one) => one.id}
        columns={objectColumns<Cluster>({
          state: {
            title: t.engines.status,
            width: '10rem',
            narrow: '8.5rem',
            cell: (one) => <ClusterBadge cluster={one} />,
          },
          name: (one) => (
            <Link className="row-link" to="/clusters/$id" params={{ id: one.id }}>
              {one.name}
            </Link>
          ),
          more: [
            {
              key: 'members',
              title: c.members,
              width: '7rem',
              narrow: '5rem',
              cell: (one) => c.memberCount(members(one.id)),
            },
          ],
          where: { title: t.workspace, cell: (one) => one.workspace?.name ?? t.engines.anyWorkspace },
        })}
        none={{ title: c.none, hint: c.noneHint }}
        noMatch={{ title: c.noMatch }}
      />
    </>
  );
}
