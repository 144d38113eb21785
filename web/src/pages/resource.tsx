/** One resource: what it is, its content, who uses it. */

import { Button } from '@mantine/core';
import { IconPencil, IconTrash, IconUpload } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { resource } from '../api/infra';
import { useMay, useRight } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { isGone } from '../ui/fields';
import { MoveButton } from '../ui/move';
import { ConfirmButton, Dialog, Facts, Failure, Head, Id, Notice, Panel, Waiting } from '../ui/parts';
import { TaskRows } from '../ui/task-rows';
import { EditResource, ReplaceContent } from './resource-form';

const r = infra.resources;

export function ResourcePage() {
  const { id } = useParams({ from: '/manage/resources/$id' });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const one = useQuery(resource(id));
  const holds = useRight(one.data?.workspaceInfo.id, 'AUTHOR', 'MANAGE');
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT') && holds;
  const [open, setOpen] = useState<'edit' | 'content'>();
  const [replaced, setReplaced] = useState(false);
  if (!one.data) {
    return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  const it = one.data;
  const path = { resourceId: id };
  const close = () => setOpen(undefined);
  const remove = async () => {
    await body(core.DELETE('/orchestration/resources/{resourceId}', { params: { path } }));
    await navigate({ to: '/manage/resources' });
    await queries.invalidateQueries({ queryKey: ['objects', 'resource-page'] });
  };
  const move = (targetWorkspaceId: string) =>
    body(
      core.PUT('/orchestration/resources/{resourceId}/move/{targetWorkspaceId}', {
        params: { path: { ...path, targetWorkspaceId } },
      }),
    );
  return (
    <div className="page">
      <Head title={it.name}>
        {may && (
          <>
            <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen('edit')}>
              {f.edit}
            </Button>
            <Button
              variant="default"
              leftSection={<IconUpload size={16} aria-hidden />}
              onClick={() => setOpen('content')}
            >
              {r.replace}
            </Button>
            <MoveButton name={it.name} move={move} />
            <ConfirmButton
              label={r.delete}
              question={r.deleteAsk(it.name)}
              hint={r.deleteHint}
              act={remove}
              icon={<IconTrash size={16} aria-hidden />}
              danger
            />
          </>
        )}
      </Head>
      {one.error && <Failure error={one.error} retry={() => one.refetch()} />}
      {replaced && <Notice tone="good" title={r.replaced} />}
      <Dialog open={open === 'edit'} close={close} title={r.edit(it.name)}>
        <EditResource it={it} gone={isGone(one.error)} close={close} />
      </Dialog>
      <Dialog open={open === 'content'} close={close} title={r.replaceTitle(it.name)}>
        <ReplaceContent
          it={it}
          close={(done) => {
            if (done) setReplaced(true);
            close();
          }}
        />
      </Dialog>
      <div className="columns">
        <Panel title={r.facts}>
          <Facts
            rows={[
              [r.kind, it.file ? r.file : r.folder],
              ...(it.description ? [[t.description, it.description] as [string, string]] : []),
              [t.workspace, it.workspaceInfo.name ?? '–'],
              [t.environment, it.workspaceInfo.environment?.name ?? '–'],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
            ]}
          />
        </Panel>
        <TaskRows
          title={infra.uses.title}
          none={infra.uses.none}
          filter={{ environmentId: it.workspaceInfo.environment?.id, resourceId: id }}
        />
      </div>
    </div>
  );
}
