/** One project: where its sources are, who works on it. */

import { Button, Stack, TextInput } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type Project, project } from '../api/infra';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, useAct, useDraft } from '../ui/fields';
import { ConfirmButton, Dialog, Facts, Failure, Head, Id, Moment, Panel, useNow, Waiting } from '../ui/parts';
import { LoginInput } from '../ui/pickers';
import { ProjectGroups, ProjectPeople } from './project-members';

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
        <ProjectPeople id={id} />
        <ProjectGroups id={id} />
      </div>
    </div>
  );
}
