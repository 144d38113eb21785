/** All environments, and making a new one. */

import { Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { engines, environments, workspaces } from '../api/queries';
import { useMay } from '../app/context';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, NameFields, useAct, useFields } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { Badge, Dialog } from '../ui/parts';
import { hasPart, LoginInput } from '../ui/pickers';
import { ofEnvironment } from './engines';

const e = infra.environments;

function NewEnvironment({ close }: { close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const [workspaceName, setWorkspaceName] = useState('');
  const [owner, setOwner] = useState('');
  const act = useAct('name', 'description', 'workspaceName', 'owner');
  const make = async () => {
    const made = await body(
      core.POST('/orchestration/environments', {
        body: { name, description: description || undefined, workspaceName, owner: owner || undefined },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/manage/environments/$id', params: { id: made.id } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{e.newHint}</Text>
        <NameFields edit={typed} act={act} />
        <TextInput
          label={e.firstWorkspace}
          description={e.firstWorkspaceHint}
          value={workspaceName}
          onChange={(event) => setWorkspaceName(event.currentTarget.value)}
          error={act.at('workspaceName')}
          required
        />
        <LoginInput label={e.owner} description={e.ownerHint} value={owner} change={setOwner} error={act.at('owner')} />
        <FormFoot act={act} label={t.create} close={close} />
      </Stack>
    </form>
  );
}

export function Environments() {
  const search = useSearch({ from: '/manage/environments' });
  const list = useQuery(environments());
  const spaces = useQuery(workspaces());
  const all = useQuery(engines());
  const may = useMay('TMC_ENVIRONMENT_MANAGEMENT');
  const [open, setOpen] = useState(false);
  const shown = (list.data ?? []).filter((one) => hasPart(one.name, search.name));
  const inside = (id: string) => (spaces.data ?? []).filter((one) => one.environment?.id === id).length;
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={e.new}>
        <NewEnvironment close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={e.title}
        make={may ? { label: e.new, act: () => setOpen(true) } : undefined}
        above={!may && <Text className="muted">{e.noRights}</Text>}
        filters={<FindField label={e.search} />}
        rows={{ query: list, all: list.data ?? [], shown }}
        rowKey={(one) => one.id}
        columns={[
          {
            key: 'name',
            title: t.name,
            width: 'minmax(8rem, 2fr)',
            cell: (one) => (
              <Link className="row-link" to="/manage/environments/$id" params={{ id: one.id }}>
                {one.name}
              </Link>
            ),
          },
          {
            key: 'default',
            title: e.default,
            width: '6rem',
            wide: true,
            cell: (one) => one.default && <Badge tone="idle">{e.isDefault}</Badge>,
          },
          {
            key: 'workspaces',
            title: e.workspaces,
            width: 'minmax(6rem, 1fr)',
            cell: (one) => e.workspaceCount(inside(one.id)),
          },
          {
            key: 'engines',
            title: t.nav.engines,
            width: 'minmax(5rem, 1fr)',
            wide: true,
            cell: (one) => e.engineCount(ofEnvironment(all.data, one.id).length),
          },
        ]}
        none={{ title: e.noMatch }}
      />
    </>
  );
}
