/** One connection: what it holds, who uses it. */

import { Button, Text } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { connection } from '../api/infra';
import { useMay, useRight } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { isGone } from '../ui/fields';
import { MoveButton } from '../ui/move';
import { ConfirmButton, Dialog, Facts, Failure, Head, Id, Moment, Panel, useNow, Waiting } from '../ui/parts';
import { TaskRows } from '../ui/task-rows';
import { EditConnection } from './connection-form';

const c = infra.connections;

export function ConnectionPage() {
  const { id } = useParams({ from: '/manage/connections/$id' });
  const now = useNow(30_000);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const one = useQuery(connection(id));
  const holds = useRight(one.data?.workspace.id, 'AUTHOR', 'MANAGE');
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT') && holds;
  const [open, setOpen] = useState(false);
  if (!one.data) {
    return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  const it = one.data;
  const path = { connectionId: id };
  const remove = async () => {
    await body(core.DELETE('/orchestration/connections/{connectionId}', { params: { path } }));
    await navigate({ to: '/manage/connections' });
    await queries.invalidateQueries({ queryKey: ['objects', 'connection-page'] });
  };
  const move = (targetWorkspaceId: string) =>
    body(
      core.PUT('/orchestration/connections/{connectionId}/move/{targetWorkspaceId}', {
        params: { path: { ...path, targetWorkspaceId } },
      }),
    );
  return (
    <div className="page">
      <Head title={it.name}>
        {may && (
          <>
            <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen(true)}>
              {f.edit}
            </Button>
            <MoveButton name={it.name} move={move} />
            <ConfirmButton
              label={c.delete}
              question={c.deleteAsk(it.name)}
              hint={c.deleteHint}
              act={remove}
              icon={<IconTrash size={16} aria-hidden />}
              danger
            />
          </>
        )}
      </Head>
      {one.error && <Failure error={one.error} retry={() => one.refetch()} />}
      <Dialog open={open} close={() => setOpen(false)} title={c.edit(it.name)}>
        <EditConnection it={it} gone={isGone(one.error)} close={() => setOpen(false)} />
      </Dialog>
      <div className="columns">
        <Panel title={c.parameters}>
          {it.parameters.length === 0 ? (
            <Text className="muted">{c.noParameters}</Text>
          ) : (
            <Facts
              rows={it.parameters.map((parameter) => [
                parameter.name,
                parameter.encrypted ? (
                  <span key={parameter.name}>
                    <span className="mono">{c.masked}</span> <span className="muted">{c.secret}</span>
                  </span>
                ) : (
                  <span key={parameter.name} className="mono">
                    {parameter.value}
                  </span>
                ),
              ])}
            />
          )}
        </Panel>
        <Panel title={c.facts}>
          <Facts
            rows={[
              [c.app, it.app],
              [t.workspace, it.workspace.name ?? '–'],
              [t.environment, it.workspace.environment?.name ?? '–'],
              [t.engine.created, <Moment key="created" at={it.createDate} now={now} />],
              [f.updated, <Moment key="updated" at={it.updateDate} now={now} />],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
            ]}
          />
        </Panel>
        <TaskRows
          title={infra.uses.title}
          none={infra.uses.none}
          filter={{ environmentId: it.workspace.environment?.id, connectionId: id }}
        />
      </div>
    </div>
  );
}
