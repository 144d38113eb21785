/** The projects, and making a new one. */

import { Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import type { Project } from '../api/infra';
import { projectPage } from '../api/pages';
import { useMay, useShared } from '../app/context';
import { usePages, useSettled } from '../lib/use-pages';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, useAct } from '../ui/fields';
import { FindField, ListPage } from '../ui/list-page';
import { Dialog, Empty } from '../ui/parts';
import { LoginInput } from '../ui/pickers';

const p = infra.projects;

function NewProject({ close }: { close: () => void }) {
  const { session } = useShared();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [owner, setOwner] = useState(session.user.login);
  const [description, setDescription] = useState('');
  const act = useAct('name', 'url', 'owner', 'description');
  const make = async () => {
    const made = await body(
      core.POST('/orchestration/projects', { body: { name, url, owner, description: description || undefined } }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/manage/projects/$id', params: { id: made.id ?? '' } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{p.newHint}</Text>
        <TextInput
          label={t.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={act.at('name')}
          required
          data-autofocus
        />
        <TextInput
          label={p.url}
          placeholder="https://git.example.com/team/jobs.git"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          error={act.at('url')}
          required
        />
        <LoginInput label={p.owner} value={owner} change={setOwner} error={act.at('owner')} required />
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={act.at('description')}
        />
        <FormFoot act={act} label={t.create} close={close} />
      </Stack>
    </form>
  );
}

export function Projects() {
  const search = useSearch({ from: '/manage/projects' });
  const may = useMay('TMC_PROJECT_MANAGEMENT');
  const name = useSettled(search.name);
  const list = usePages<Project>((number) => projectPage(name, number, may));
  const [open, setOpen] = useState(false);
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={p.new}>
        <NewProject close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={p.title}
        make={may ? { label: p.new, act: () => setOpen(true) } : undefined}
        filters={<FindField label={p.search} />}
        denied={!may && <Empty title={p.noRights}>{p.noRightsHint}</Empty>}
        rows={{ pages: list, narrowed: name !== undefined }}
        rowKey={(one) => one.id ?? ''}
        columns={[
          {
            key: 'name',
            title: t.name,
            width: 'minmax(8rem, 1fr)',
            cell: (one) => (
              <Link className="row-link" to="/manage/projects/$id" params={{ id: one.id ?? '' }}>
                {one.name}
              </Link>
            ),
          },
          { key: 'owner', title: p.owner, width: 'minmax(5rem, 1fr)', cell: (one) => one.owner },
          { key: 'url', title: p.url, width: 'minmax(8rem, 2fr)', wide: true, cell: (one) => one.url },
          { key: 'label', title: p.label, width: '10rem', wide: true, cell: (one) => one.technicalLabel },
        ]}
        none={{ title: p.none, hint: p.noneHint }}
        noMatch={{ title: p.noMatch }}
      />
    </>
  );
}
