/** One cluster: its members, who comes and goes, what runs on it. */

import { Button, Select, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { type ClusterDetail, cluster, profilesOf } from '../api/infra';
import { engines } from '../api/queries';
import { useMay } from '../app/context';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, useAct } from '../ui/fields';
import { Loaded, ObjectPage, useRemoval } from '../ui/object-page';
import { ConfirmButton, Dialog, Id, Moment, Panel, useNow } from '../ui/parts';
import { TaskRows } from '../ui/task-rows';
import { ClusterBadge } from './clusters';
import { EngineBadge, ofEnvironment } from './engines';
import { ProfilesPanel } from './profiles-panel';

const c = infra.clusters;
type Method = 'DEFAULT' | 'DUPLICATE_RUN_PROFILES' | 'CLUSTER_RUN_PROFILE';

function Join({ it, close }: { it: ClusterDetail; close: () => void }) {
  const queries = useQueryClient();
  const all = useQuery(engines());
  const environment = it.workspace?.environment?.id;
  const free = ofEnvironment(all.data, environment).filter((one) => !one.clusterId);
  const [engine, setEngine] = useState<string | null>(null);
  const [method, setMethod] = useState<Method>('DEFAULT');
  const [profile, setProfile] = useState<string | null>(null);
  const own = useQuery({ ...profilesOf('engine', engine ?? ''), enabled: engine !== null });
  const shared = useQuery(profilesOf('cluster', it.id));
  const act = useAct('method', 'runProfileId');
  const asks = (own.data ?? []).length > 0;
  const methods = (Object.keys(c.methods) as Method[]).filter(
    (one) => one !== 'CLUSTER_RUN_PROFILE' || (shared.data ?? []).length > 0,
  );
  const join = async () => {
    await body(
      core.PUT('/processing/runtimes/remote-engine-clusters/{clusterId}/engines/{engineId}', {
        params: { path: { clusterId: it.id, engineId: engine ?? '' } },
        body: { method: asks ? method : 'DEFAULT', runProfileId: profile ?? '' },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
    close();
  };
  if (all.data && free.length === 0) return <Text className="muted">{c.allIn}</Text>;
  return (
    <form onSubmit={act.send(join)}>
      <Stack>
        <Select
          label={c.firstMembers}
          placeholder={c.pickEngine}
          data={free.map((one) => ({ value: one.id, label: one.name }))}
          value={engine}
          onChange={setEngine}
          searchable
          required
        />
        {asks && (
          <Select
            label={c.method}
            data={methods.map((value) => ({ value, label: c.methods[value] ?? value }))}
            value={method}
            onChange={(one) => one && setMethod(one as Method)}
            error={act.at('method')}
          />
        )}
        {asks && method === 'CLUSTER_RUN_PROFILE' && (
          <Select
            label={c.profile}
            data={(shared.data ?? []).map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
            value={profile}
            onChange={setProfile}
            error={act.at('runProfileId')}
            required
          />
        )}
        <FormFoot act={act} label={c.join} close={close} disabled={!engine} />
      </Stack>
    </form>
  );
}

function Members({ it, may }: { it: ClusterDetail; may: boolean }) {
  const queries = useQueryClient();
  const all = useQuery(engines());
  const [open, setOpen] = useState(false);
  const members = (all.data ?? []).filter((one) => (it.engines ?? []).includes(one.id));
  const leave = (engineId: string) => async () => {
    await body(
      core.DELETE('/processing/runtimes/remote-engine-clusters/{clusterId}/engines/{engineId}', {
        params: { path: { clusterId: it.id, engineId } },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
  };
  return (
    <Panel
      title={c.members}
      actions={
        may && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {c.join}
          </Button>
        )
      }
    >
      <Dialog open={open} close={() => setOpen(false)} title={`${c.join}: ${it.name}`}>
        <Join it={it} close={() => setOpen(false)} />
      </Dialog>
      {(it.engines ?? []).length === 0 ? (
        <Text className="muted">{c.noMembers}</Text>
      ) : (
        <ul className="rows">
          {members.map((one) => (
            <li key={one.id}>
              <EngineBadge engine={one} />
              <span className="grow line">
                <Link to="/engines/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              </span>
              {may && (
                <ConfirmButton
                  label={c.leave}
                  question={c.leaveAsk(one.name, it.name)}
                  hint={c.leaveHint}
                  act={leave(one.id)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function ClusterPage() {
  const { id } = useParams({ from: '/clusters/$id' });
  const now = useNow(30_000);
  const one = useQuery(cluster(id));
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const removed = useRemoval('/clusters', 'engines');
  const path = { params: { path: { clusterId: id } } };
  const remove = () => removed(body(core.DELETE('/processing/runtimes/remote-engine-clusters/{clusterId}', path)));
  return (
    <Loaded query={one}>
      {(it) => (
        <ObjectPage
          name={it.name}
          description={it.description}
          badge={<ClusterBadge cluster={it} />}
          query={one}
          remove={
            may ? { label: c.delete, question: c.deleteAsk(it.name), hint: c.deleteHint, act: remove } : undefined
          }
          facts={{
            title: c.facts,
            rows: [
              [t.environment, it.workspace?.environment?.name ?? '–'],
              [t.workspace, it.workspace?.name ?? t.engines.anyWorkspace],
              [c.created, <Moment key="created" at={it.createDate} now={now} />],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
              [c.runtime, <Id key="runtime" id={it.runtimeId} what={c.runtime} />],
            ],
          }}
        >
          <Members it={it} may={may} />
          <ProfilesPanel kind="cluster" id={id} />
          <TaskRows
            title={c.tasks}
            none={c.noTasks}
            filter={{ environmentId: it.workspace?.environment?.id, runtimeId: id }}
          />
        </ObjectPage>
      )}
    </Loaded>
  );
}
