/** The Dynamic Engines of the account, and making a new one. */

import { Stack } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, dynamic } from '../api/client';
import { type DynamicEngine, dynamicEngines } from '../api/engine-kinds';
import { useMay } from '../app/context';
import { k } from '../texts/engine-kinds';
import { f } from '../texts/infra';
import { t } from '../texts/pages';
import { Denied, FormDialog, NameFields, useAct, useFields } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { objectColumns } from '../ui/object-page';
import { Badge, Moment, useNow } from '../ui/parts';
import { hasPart } from '../ui/pickers';
import { ProcessingTabs } from './processing';

const d = k.dynamic;

/** Whether its installation speaks to this server. */
export function DynamicBadge({ state }: { state: DynamicEngine['state'] }) {
  return <Badge tone={state === 'CONNECTED' ? 'good' : 'idle'}>{d.states[state] ?? state}</Badge>;
}

function NewDynamicEngine({ close }: { close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const act = useAct('name', 'description');
  const make = async () => {
    const made = await body(
      dynamic.POST('/processing/runtimes/dynamic-engines', { body: { name, description: description || undefined } }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
    await navigate({ to: '/dynamic-engines/$id', params: { id: made.id } });
  };
  return (
    <FormDialog open close={close} title={d.new} hint={d.newHint} act={act} submit={make} label={t.create}>
      <Stack>
        <NameFields edit={typed} act={act} />
      </Stack>
    </FormDialog>
  );
}

/** The list. */
export function DynamicEngines() {
  const search = useSearch({ from: '/dynamic-engines' });
  const now = useNow(30_000);
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const sees = useMay('TMC_CLUSTER_MANAGEMENT', 'TMC_RUN_PROFILE_MANAGEMENT', 'TMC_ENVIRONMENT_MANAGEMENT');
  const list = useQuery(dynamicEngines(sees));
  const [open, setOpen] = useState(false);
  const all = list.data ?? [];
  return (
    <>
      {open && <NewDynamicEngine close={() => setOpen(false)} />}
      <ListPage
        title={d.title}
        make={may ? { label: d.new, act: () => setOpen(true) } : undefined}
        above={<ProcessingTabs />}
        filters={<FindField label={d.search} />}
        denied={!sees && <Denied what={d.title} permission="TMC_CLUSTER_MANAGEMENT" />}
        rows={{ query: list, all, shown: all.filter((one) => hasPart(one.name, search.name)) }}
        rowKey={(one) => one.id}
        columns={objectColumns<DynamicEngine>({
          state: { title: d.state, cell: (one) => <DynamicBadge state={one.state} /> },
          name: (one) => (
            <Link className="row-link" to="/dynamic-engines/$id" params={{ id: one.id }}>
              {one.name}
            </Link>
          ),
          where: { title: d.changedBy, cell: (one) => one.lastModifiedBy },
          at: { title: f.updated, cell: (one) => <Moment at={one.lastModifiedDate} now={now} /> },
        })}
        none={{ title: d.none, hint: d.noneHint }}
        noMatch={{ title: d.noMatch }}
      />
    </>
  );
}
