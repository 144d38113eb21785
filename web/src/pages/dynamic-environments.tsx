/** The environments of Dynamic Engines, and making a new one. */

import { Select, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type DynamicPlace, dynamicEngines, dynamicPlaces, STRATEGIES, type Strategy } from '../api/engine-kinds';
import { useMay } from '../app/context';
import { k } from '../texts/engine-kinds';
import { f } from '../texts/infra';
import { t } from '../texts/pages';
import { type Act, Denied, FormDialog, useAct } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { objectColumns } from '../ui/object-page';
import { Badge, Moment, useNow } from '../ui/parts';
import { hasPart, LoginInput } from '../ui/pickers';
import { ProcessingTabs } from './processing';

const p = k.places;
const TONES = { NOT_ASSIGNED: 'idle', SET_UP_REQUIRED: 'warn', READY: 'good', NOT_READY: 'bad' } as const;

/** Whether tasks can run in it. */
export function PlaceBadge({ status }: { status: DynamicPlace['status'] }) {
  return <Badge tone={TONES[status] ?? 'idle'}>{p.states[status] ?? status}</Badge>;
}

/** Where logs and metrics go. */
export function Strategies(props: {
  logs: Strategy;
  metrics: Strategy;
  change: (part: { logStrategy?: Strategy; metricsStrategy?: Strategy }) => void;
  act: Act;
}) {
  const data = STRATEGIES.map((value) => ({ value, label: p.strategies[value] ?? value }));
  return (
    <>
      <Select
        label={p.logs}
        data={data}
        value={props.logs}
        onChange={(one) => one && props.change({ logStrategy: one as Strategy })}
        error={props.act.at('logStrategy')}
      />
      <Select
        label={p.metrics}
        data={data}
        value={props.metrics}
        onChange={(one) => one && props.change({ metricsStrategy: one as Strategy })}
        error={props.act.at('metricsStrategy')}
      />
    </>
  );
}

function NewPlace({ close }: { close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useState({
    name: '',
    workspaceName: '',
    description: '',
    owner: '',
    logStrategy: 'NONE' as Strategy,
    metricsStrategy: 'NONE' as Strategy,
  });
  const patch = (part: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...part }));
  const act = useAct('name', 'workspaceName', 'description', 'owner', 'logStrategy', 'metricsStrategy');
  const make = async () => {
    const made = await body(
      core.POST('/orchestration/dynamic-engine-environments', {
        body: { ...draft, description: draft.description || undefined, owner: draft.owner || undefined },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/dynamic-environments/$id', params: { id: made.id } });
  };
  const text = (field: 'name' | 'workspaceName' | 'description', label: string, required: boolean) => (
    <TextInput
      label={label}
      value={draft[field]}
      onChange={(event) => patch({ [field]: event.currentTarget.value })}
      error={act.at(field)}
      required={required}
      data-autofocus={field === 'name' || undefined}
    />
  );
  return (
    <FormDialog open close={close} title={p.new} hint={p.newHint} act={act} submit={make} label={t.create}>
      <Stack>
        {text('name', t.name, true)}
        {text('workspaceName', p.firstWorkspace, true)}
        {text('description', t.description, false)}
        <LoginInput label={p.owner} value={draft.owner} change={(owner) => patch({ owner })} error={act.at('owner')} />
        <Strategies logs={draft.logStrategy} metrics={draft.metricsStrategy} change={patch} act={act} />
      </Stack>
    </FormDialog>
  );
}

/** The list. */
export function DynamicEnvironments() {
  const search = useSearch({ from: '/dynamic-environments' });
  const now = useNow(30_000);
  const may = useMay('TMC_ENVIRONMENT_MANAGEMENT');
  const list = useQuery(dynamicPlaces(may));
  const engines = useQuery(dynamicEngines(may));
  const names = new Map((engines.data ?? []).map((one) => [one.id, one.name]));
  const [open, setOpen] = useState(false);
  const all = list.data ?? [];
  return (
    <>
      {open && <NewPlace close={() => setOpen(false)} />}
      <ListPage
        title={p.title}
        make={may ? { label: p.new, act: () => setOpen(true) } : undefined}
        above={<ProcessingTabs />}
        filters={<FindField label={p.search} />}
        denied={!may && <Denied what={p.title} permission="TMC_ENVIRONMENT_MANAGEMENT" />}
        rows={{ query: list, all, shown: all.filter((one) => hasPart(one.name, search.name)) }}
        rowKey={(one) => one.id}
        columns={objectColumns<DynamicPlace>({
          state: { title: p.state, cell: (one) => <PlaceBadge status={one.status} /> },
          name: (one) => (
            <Link className="row-link" to="/dynamic-environments/$id" params={{ id: one.id }}>
              {one.name}
            </Link>
          ),
          where: { title: p.engine, cell: (one) => (one.deId ? (names.get(one.deId) ?? one.deId) : p.noEngine) },
          at: { title: f.updated, cell: (one) => <Moment at={one.lastModifiedDate} now={now} /> },
        })}
        none={{ title: p.none, hint: p.noneHint }}
        noMatch={{ title: p.noMatch }}
      />
    </>
  );
}
