/** One environment: its workspaces, its engines, and what stands against removing it. */

import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { contents } from '../api/infra';
import { clusters, type Environment, engines, environments, type Workspace, workspaces } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { setScope } from '../app/scope';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, useAct, useDraft } from '../ui/fields';
import { Badge, ConfirmButton, Dialog, Empty, Facts, Failure, Head, Id, Panel, Waiting } from '../ui/parts';
import { EngineBadge, ofEnvironment } from './engines';
import { EditWorkspace, NewWorkspace } from './workspace-form';

const e = infra.environments;
const w = infra.workspaces;

function EditEnvironment({ it, gone, close }: { it: Environment; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ name: it.name ?? '' });
  const [description, setDescription] = useState('');
  const act = useAct('name', 'description');
  const store = async () => {
    await body(
      core.PUT('/orchestration/environments/{id}', {
        params: { path: { id: it.id } },
        body: { name: edit.draft.name, description: description || undefined },
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
          label={t.name}
          value={edit.draft.name}
          onChange={(event) => edit.patch({ name: event.currentTarget.value })}
          error={act.at('name')}
          required
          data-autofocus
        />
        <TextInput
          label={t.description}
          description={e.descriptionHint}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={act.at('description')}
        />
        <FormFoot act={act} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}

function Spaces({ environmentId, list, may }: { environmentId: string; list: Workspace[]; may: boolean }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<string>();
  const close = () => setOpen(undefined);
  const last = useKept(list.find((one) => one.id === open));
  const remove = (id: string) => async () => {
    await body(core.DELETE('/orchestration/workspaces/{id}', { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <Panel
      title={e.workspaces}
      actions={
        may && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('new')}>
            {w.new}
          </Button>
        )
      }
    >
      <Dialog open={open !== undefined} close={close} title={open === 'new' ? w.new : w.edit(last?.name ?? '')}>
        {open === 'new' ? (
          <NewWorkspace environmentId={environmentId} close={close} />
        ) : (
          last && <EditWorkspace it={last} gone={!list.some((one) => one.id === last.id)} close={close} />
        )}
      </Dialog>
      <ul className="rows">
        {list.map((one) => (
          <li key={one.id}>
            <span className="grow">
              <strong>{one.name}</strong> <span className="muted">{w.kinds[one.type ?? ''] ?? one.type}</span>
              <br />
              <span className="muted">
                {[one.description, `${w.owner}: ${one.owner}`, one.protectedArtifactUpdate && w.protect]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </span>
            {may && (
              <Group gap="xs">
                <Button variant="default" aria-label={w.editLabel(one.name ?? '')} onClick={() => setOpen(one.id)}>
                  {f.edit}
                </Button>
                {one.type === 'custom' && (
                  <ConfirmButton
                    label={w.delete}
                    question={w.deleteAsk(one.name ?? '')}
                    hint={w.deleteHint}
                    act={remove(one.id ?? '')}
                  />
                )}
              </Group>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** The last value that was there: a form stays open over something that is removed meanwhile. */
function useKept<T>(value: T | undefined): T | undefined {
  const [kept, setKept] = useState(value);
  if (value !== undefined && value !== kept) setKept(value);
  return value ?? kept;
}

export function EnvironmentPage() {
  const { id } = useParams({ from: '/manage/environments/$id' });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const scope = useScope();
  const list = useQuery(environments());
  const spaces = useQuery(workspaces());
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  const inside = useQuery(contents(id, useMay('TMC_OPERATOR')));
  const may = useMay('TMC_ENVIRONMENT_MANAGEMENT');
  const [open, setOpen] = useState(false);
  const it = useKept((list.data ?? []).find((one) => one.id === id));
  if (!list.data) {
    return list.error ? <Failure error={list.error} retry={() => list.refetch()} /> : <Waiting />;
  }
  const gone = !list.data.some((one) => one.id === id);
  if (!it || (gone && !open)) {
    return <Empty title={t.gone} action={<Link to="/manage/environments">{e.title}</Link>} />;
  }
  const mine = (spaces.data ?? []).filter((one) => one.environment?.id === id);
  const here = ofEnvironment(all.data, id);
  const joint = (groups.data ?? []).filter((one) => one.workspace?.environment?.id === id);
  const counts: [string, number][] = [
    ['engines', here.length],
    ['clusters', joint.length],
    ...Object.entries(inside.data ?? {}),
  ];
  const held = counts.filter(([, count]) => count > 0);
  const remove = async () => {
    await body(core.DELETE('/orchestration/environments/{id}', { params: { path: { id } } }));
    await navigate({ to: '/manage/environments' });
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <div className="page">
      <Head title={it.name ?? it.id} badge={it.default && <Badge tone="idle">{e.isDefault}</Badge>}>
        {scope.environment?.id === id ? (
          <span className="muted">{e.working}</span>
        ) : (
          <Button variant="default" onClick={() => setScope({ environmentId: id })}>
            {e.work}
          </Button>
        )}
        {may && (
          <>
            <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen(true)}>
              {f.edit}
            </Button>
            {!it.default && (
              <ConfirmButton
                label={e.delete}
                question={e.deleteAsk(it.name ?? '')}
                hint={e.deleteHint}
                act={remove}
                icon={<IconTrash size={16} aria-hidden />}
                danger
              />
            )}
          </>
        )}
      </Head>
      <Dialog open={open} close={() => setOpen(false)} title={e.edit(it.name ?? '')}>
        <EditEnvironment it={it} gone={gone} close={() => setOpen(false)} />
      </Dialog>
      {!may && <Text className="muted">{e.noRights}</Text>}
      <div className="split">
        <div>
          <Spaces environmentId={id} list={mine} may={may} />
          <Panel title={t.nav.engines}>
            {here.length === 0 ? (
              <Text className="muted">{t.engines.none}</Text>
            ) : (
              <ul className="rows">
                {here.map((one) => (
                  <li key={one.id}>
                    <EngineBadge engine={one} />
                    <span className="grow line">
                      <Link to="/engines/$id" params={{ id: one.id }}>
                        {one.name}
                      </Link>
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </div>
        <Panel title={e.inside}>
          {inside.error ? (
            <Failure error={inside.error} retry={() => inside.refetch()} />
          ) : held.length === 0 ? (
            <Text className="muted">{e.empty}</Text>
          ) : (
            <Facts rows={held.map(([kind, count]) => [e.kinds[kind] ?? kind, count])} />
          )}
          <Text className="muted" mt="xs">
            {it.default ? e.defaultStays : e.deleteHint}
          </Text>
          <Group mt="sm">
            <Id id={it.id} what={t.id} />
          </Group>
        </Panel>
      </div>
    </div>
  );
}
