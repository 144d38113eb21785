/** The engines of an environment, and making a new one. */

import { MultiSelect, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { engineReports } from '../api/infra';
import { clusters, type Engine, engines, engineWork } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { engineState, leftOn } from '../lib/engine-state';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, NameFields, useAct, useFields } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { Badge, Dialog, Moment, useNow } from '../ui/parts';
import { hasPart } from '../ui/pickers';
import { ProcessingTabs } from './processing';

const i = infra.engines;
const d = infra.drain;
/** What an engine may run beside jobs. */
const MORE_KINDS = ['MICROSERVICE', 'TALEND_RUNTIME'] as const;

/** The engines of an environment. */
export function ofEnvironment(all: Engine[] | undefined, environmentId: string | undefined): Engine[] {
  return (all ?? []).filter((one) => one.workspace?.environment?.id === environmentId);
}

/** The badge of an engine: whether it can work, or what is left on it while it is drained. */
export function EngineBadge({ engine }: { engine: Engine }) {
  const work = useQuery({ ...engineWork(), select: (all) => all[engine.id] }).data;
  const state = engineState(engine, work);
  if (state === 'drained') {
    const left = leftOn(work);
    return left ? <Badge tone="warn">{d.draining(left)}</Badge> : <Badge tone="idle">{d.drained}</Badge>;
  }
  if (state === 'unpaired') return <Badge tone="idle">{t.engines.notPaired}</Badge>;
  if (state === 'available') return <Badge tone="good">{t.engines.available}</Badge>;
  return <Badge tone="bad">{t.engines.away}</Badge>;
}

function NewEngine({ close }: { close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const [workspace, setWorkspace] = useState<string | null>(null);
  const [kinds, setKinds] = useState<string[]>([]);
  const [compatibility, setCompatibility] = useState('');
  const act = useAct('name', 'description', 'workspaceId', 'runProfiles', 'esbCompatibilityVersion');
  const make = async () => {
    const made = await body(
      core.POST('/processing/runtimes/remote-engines', {
        body: {
          name,
          description: description || undefined,
          environmentId: scope.environment?.id ?? '',
          workspaceId: workspace ?? undefined,
          runProfiles: [...kinds],
          esbCompatibilityVersion: kinds.length > 0 ? compatibility : undefined,
        },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
    await navigate({ to: '/engines/$id', params: { id: made.id } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{t.engines.newHint}</Text>
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
          label={i.kinds}
          description={i.kindsHint}
          data={MORE_KINDS.map((value) => ({ value, label: infra.profiles.kinds[value] ?? value }))}
          value={kinds}
          onChange={setKinds}
          error={act.at('runProfiles')}
        />
        {kinds.length > 0 && (
          <TextInput
            label={i.compatibility}
            placeholder="8.0.1"
            value={compatibility}
            onChange={(event) => setCompatibility(event.currentTarget.value)}
            error={act.at('esbCompatibilityVersion')}
            required
          />
        )}
        <FormFoot act={act} label={t.create} close={close} />
      </Stack>
    </form>
  );
}

export function Engines() {
  const scope = useScope();
  const search = useSearch({ from: '/engines' });
  const navigate = useNavigate({ from: '/engines' });
  const now = useNow(5_000);
  const all = useQuery(engines());
  const reports = useQuery(engineReports());
  const groups = useQuery(clusters());
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const [open, setOpen] = useState(false);
  const clusterNames = new Map((groups.data ?? []).map((one) => [one.id, one.name]));
  const work = useQuery(engineWork()).data;
  const here = ofEnvironment(all.data, scope.environment?.id);
  const shown = here.filter(
    (one) => hasPart(one.name, search.name) && (!search.state || engineState(one, work?.[one.id]) === search.state),
  );
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={t.engines.new}>
        <NewEngine close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={t.engines.title}
        make={may ? { label: t.engines.new, act: () => setOpen(true) } : undefined}
        above={<ProcessingTabs />}
        filters={
          <>
            <FindField label={t.engines.search} />
            <Select
              aria-label={i.state}
              placeholder={`${i.state}: ${t.all}`}
              data={Object.entries(i.states).map(([value, label]) => ({ value, label }))}
              value={search.state ?? null}
              onChange={(state) => set({ state: state ?? undefined })}
              clearable
              clearButtonProps={{ 'aria-label': i.clear }}
            />
          </>
        }
        rows={{ query: all, all: here, shown }}
        rowKey={(one) => one.id}
        columns={[
          { key: 'state', title: t.engines.status, width: '12rem', cell: (one) => <EngineBadge engine={one} /> },
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
            key: 'version',
            title: i.version,
            width: '6rem',
            wide: true,
            cell: (one) => reports.data?.get(one.id)?.version ?? '–',
          },
          {
            key: 'seen',
            title: i.seen,
            width: '8rem',
            wide: true,
            cell: (one) => <Moment at={reports.data?.get(one.id)?.seen} now={now} />,
          },
        ]}
        none={{ title: t.engines.none, hint: t.engines.noneHint }}
        noMatch={{ title: i.noMatch, hint: i.noMatchHint }}
      />
    </>
  );
}
