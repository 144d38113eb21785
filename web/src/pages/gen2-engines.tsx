/** The Gen2 engines of an environment, and making a new one. */

import { Select, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type Gen2Engine, gen2Engines } from '../api/infra';
import { useMay, useScope } from '../app/context';
import { k } from '../texts/engine-kinds';
import { t } from '../texts/pages';
import { FormDialog, NameFields, useAct, useFields } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { objectColumns } from '../ui/object-page';
import { Badge, Moment, useNow } from '../ui/parts';
import { hasPart } from '../ui/pickers';
import { ProcessingTabs } from './processing';

const g = k.gen2;

function NewGen2Engine({ open, close }: { open: boolean; close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const [workspace, setWorkspace] = useState<string | null>(null);
  const act = useAct('name', 'description', 'workspaceId');
  const make = async () => {
    const made = await body(
      core.POST('/processing/runtimes/pipeline-engines', {
        body: {
          name,
          description: description || undefined,
          environmentId: scope.environment?.id ?? '',
          workspaceId: workspace ?? undefined,
        },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
    await navigate({ to: '/gen2-engines/$id', params: { id: made.id } });
  };
  return (
    <FormDialog open={open} close={close} title={g.new} hint={g.newHint} act={act} submit={make} label={t.create}>
      <Stack>
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
        <Text size="sm" className="muted">
          {g.cannotHint}
        </Text>
      </Stack>
    </FormDialog>
  );
}

/** The list. */
export function Gen2Engines() {
  const scope = useScope();
  const search = useSearch({ from: '/gen2-engines' });
  const now = useNow(30_000);
  const list = useQuery(gen2Engines());
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const [open, setOpen] = useState(false);
  const here = (list.data ?? []).filter((one) => one.workspace?.environment?.id === scope.environment?.id);
  const shown = here.filter((one) => hasPart(one.name, search.name));
  return (
    <>
      {open && <NewGen2Engine open close={() => setOpen(false)} />}
      <ListPage
        title={g.title}
        make={may ? { label: g.new, act: () => setOpen(true) } : undefined}
        above={<ProcessingTabs />}
        filters={<FindField label={g.search} />}
        rows={{ query: list, all: here, shown }}
        rowKey={(one) => one.id}
        columns={objectColumns<Gen2Engine>({
          state: { title: t.engines.status, cell: () => <Badge tone="idle">{t.engines.notPaired}</Badge> },
          name: (one) => (
            <Link className="row-link" to="/gen2-engines/$id" params={{ id: one.id }}>
              {one.name}
            </Link>
          ),
          where: { title: t.workspace, cell: (one) => one.workspace?.name ?? t.engines.anyWorkspace },
          at: { title: g.created, cell: (one) => <Moment at={one.createDate} now={now} /> },
        })}
        none={{ title: g.none, hint: g.noneHint }}
        noMatch={{ title: g.noMatch }}
      />
    </>
  );
}
