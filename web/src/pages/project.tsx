/** One project: where its sources are, who works on it. */

import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type Project, people, project, projectUsers } from '../api/infra';
import { useMay } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, useAct, useDraft } from '../ui/fields';
import { ConfirmButton, Dialog, Facts, Failure, Head, Id, Moment, Panel, useNow, Waiting } from '../ui/parts';
import { LoginInput } from '../ui/pickers';
import { UndoableButton } from '../ui/undo';

const p = infra.projects;

function EditProject({ it, gone, close }: { it: Project; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ owner: it.owner ?? '', url: it.url ?? '', description: it.description ?? '' });
  const act = useAct('owner', 'url', 'description');
  const store = async () => {
    await body(
      core.PUT('/orchestration/projects/{projectId}', {
        params: { path: { projectId: it.id ?? '' } },
        body: edit.draft,
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <TextInput
          label={p.url}
          value={edit.draft.url}
          onChange={(event) => edit.patch({ url: event.currentTarget.value })}
          error={act.at('url')}
          required
          data-autofocus
        />
        <LoginInput
          label={p.owner}
          value={edit.draft.owner}
          change={(owner) => edit.patch({ owner })}
          error={act.at('owner')}
          required
        />
        <TextInput
          label={t.description}
          value={edit.draft.description}
          onChange={(event) => edit.patch({ description: event.currentTarget.value })}
          error={act.at('description')}
        />
        <FormFoot act={act} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}

function People({ id }: { id: string }) {
  const queries = useQueryClient();
  const list = useQuery(projectUsers(id));
  const seesPeople = useMay('TMC_USER_MANAGEMENT');
  const all = useQuery(people(seesPeople));
  const [chosen, setChosen] = useState<string | null>(null);
  const act = useAct('userId');
  const users = list.data ?? [];
  const name = (userId: string) => (all.data ?? []).find((one) => one.id === userId)?.login ?? userId;
  const path = (userId: string) => ({ params: { path: { projectId: id, userId } } });
  const renewed = () => queries.invalidateQueries({ queryKey: ['objects', 'project-users', id] });
  const add = (userId: string) => async () => {
    await body(core.PUT('/orchestration/projects/{projectId}/users/{userId}', path(userId)));
    setChosen(null);
    await renewed();
  };
  const remove = (userId: string) => async () => {
    await body(core.DELETE('/orchestration/projects/{projectId}/users/{userId}', path(userId)));
    await renewed();
  };
  return (
    <Panel title={p.people}>
      {list.error && <Failure error={list.error} retry={() => list.refetch()} />}
      {list.data && users.length === 0 && <Text className="muted">{p.noPeople}</Text>}
      <ul className="rows">
        {users.map((userId) => (
          <li key={userId}>
            <span className="grow line">{name(userId)}</span>
            <UndoableButton
              label={f.remove}
              named={p.removePerson(name(userId))}
              done={p.personRemoved(name(userId))}
              act={remove(userId)}
              back={add(userId)}
            />
          </li>
        ))}
      </ul>
      <form onSubmit={act.send(add(chosen ?? ''))}>
        <Group mt="sm" align="flex-end">
          {seesPeople ? (
            <Select
              label={f.add}
              placeholder={infra.promotions.pickPerson}
              data={(all.data ?? [])
                .filter((one) => !users.includes(one.id))
                .map((one) => ({ value: one.id, label: one.login }))}
              value={chosen}
              onChange={setChosen}
              error={act.at('userId')}
              searchable
            />
          ) : (
            <TextInput
              label={p.person}
              value={chosen ?? ''}
              onChange={(event) => setChosen(event.currentTarget.value || null)}
              error={act.at('userId')}
            />
          )}
          <Button type="submit" variant="default" disabled={!chosen} loading={act.busy}>
            {f.add}
          </Button>
        </Group>
        {act.rest}
      </form>
    </Panel>
  );
}

export function ProjectPage() {
  const { id } = useParams({ from: '/manage/projects/$id' });
  const now = useNow(30_000);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const one = useQuery(project(id));
  const [open, setOpen] = useState(false);
  if (!one.data) {
    return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  const it = one.data;
  const name = it.name ?? '';
  const remove = async () => {
    await body(core.DELETE('/orchestration/projects/{projectId}', { params: { path: { projectId: id } } }));
    await navigate({ to: '/manage/projects' });
    await queries.invalidateQueries({ queryKey: ['objects', 'project-page'] });
  };
  return (
    <div className="page">
      <Head title={name}>
        <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen(true)}>
          {f.edit}
        </Button>
        <ConfirmButton
          label={p.delete}
          question={p.deleteAsk(name)}
          hint={p.deleteHint}
          act={remove}
          icon={<IconTrash size={16} aria-hidden />}
          danger
        />
      </Head>
      {one.error && <Failure error={one.error} retry={() => one.refetch()} />}
      <Dialog open={open} close={() => setOpen(false)} title={p.edit(name)}>
        <EditProject it={it} gone={one.error !== null} close={() => setOpen(false)} />
      </Dialog>
      <div className="columns">
        <Panel title={p.facts}>
          <Facts
            rows={[
              ...(it.description ? [[t.description, it.description] as [string, string]] : []),
              [
                p.url,
                <span key="url" className="mono">
                  {it.url}
                </span>,
              ],
              [p.owner, it.owner ?? '–'],
              [p.label, it.technicalLabel ?? '–'],
              [p.type, [it.projectType, it.repoType].filter(Boolean).join(', ')],
              [t.engine.created, <Moment key="created" at={it.createDate} now={now} />],
              [t.id, <Id key="id" id={id} what={t.id} />],
            ]}
          />
        </Panel>
        <People id={id} />
      </div>
    </div>
  );
}
