/** One engine: how it is, how to pair it, what runs on it. */

import { Group, Stack, Text } from '@mantine/core';
import { IconTrash, IconUnlink } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { body, core } from '../api/client';
import { engineReports } from '../api/infra';
import { clusters, type Engine, type EngineWork, engine, engineWork, type Run, runPage } from '../api/queries';
import { useMay, usePublicUrl, useScope } from '../app/context';
import { leftOn } from '../lib/engine-state';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { ExecutableName } from '../ui/executable';
import {
  Code,
  ConfirmButton,
  Facts,
  Failure,
  Head,
  Id,
  Moment,
  Notice,
  Panel,
  StateBadge,
  useNow,
  Waiting,
} from '../ui/parts';
import { PlansOnEngine } from '../ui/plan-rows';
import { TabStrip } from '../ui/tabs';
import { TaskRows } from '../ui/task-rows';
import { DrainButton, DrainNotice } from './engine-drain';
import { EngineBadge } from './engines';
import { ProfilesPanel } from './profiles-panel';

const i = infra.engine;

/** The commands that fetch, pair and start an engine, to be pasted into a shell. */
export function pairingCommands(url: string, key: string): string {
  return [
    `curl -fsSL ${url}/downloads/remote-engine.tar.gz | tar -xz`,
    'cd remote-engine',
    `(umask 077; rm -f etc/preauthorized.key.cfg; echo 'remote.engine.pre.authorized.key = ${key}' > etc/preauthorized.key.cfg)`,
    `echo 'pairing.service.url=${url}' > etc/org.talend.ipaas.rt.pairing.client.cfg`,
    'bin/start',
  ].join('\n');
}

function Pairing({ one }: { one: Engine }) {
  const base = usePublicUrl();
  if (!one.preAuthorizedKey) {
    return <Text className="muted">{one.status === 'PAIRED' ? t.engine.pairedHint : i.noRights}</Text>;
  }
  return (
    <Stack gap="xs">
      <Text className="muted">{t.engine.pairingHint}</Text>
      <Text fw={600}>{t.engine.key}</Text>
      <Code text={one.preAuthorizedKey} what={t.engine.key} />
      <Text fw={600}>{t.engine.commands}</Text>
      <Code text={pairingCommands(base, one.preAuthorizedKey)} what={t.engine.commands} />
      <Text fw={600}>{i.otherSystems}</Text>
      <Text>
        <a href="/downloads/remote-engine.tar.gz">{i.tar}</a> · <a href="/downloads/remote-engine.zip">{i.zip}</a>
      </Text>
      <Text className="muted">{i.byHand}</Text>
      <Text className="muted">{i.service}</Text>
    </Stack>
  );
}

/** The engine a run is on. */
function runsOn(run: Run): string | undefined {
  const runtime = run.runtime as { engineId?: string; id?: string } | undefined;
  return runtime?.engineId ?? runtime?.id;
}

function Overview({ one, work, now }: { one: Engine; work: EngineWork | undefined; now: number }) {
  const scope = useScope();
  const reports = useQuery(engineReports());
  const groups = useQuery(clusters());
  const environmentId = one.workspace?.environment?.id;
  const operates = useMay('TMC_OPERATOR');
  const running = useQuery(runPage({ environmentId, status: 'executing' }, 0));
  const here = (running.data?.items ?? []).filter((run) => runsOn(run) === one.id);
  const report = reports.data?.get(one.id);
  const paired = one.status === 'PAIRED';
  const cluster = (groups.data ?? []).find((group) => group.id === one.clusterId);
  const stopped: [string, React.ReactNode][] = work?.stoppedAt
    ? [[i.stoppedAt, <Moment key="stopped" at={work.stoppedAt} now={now} exact />]]
    : [];
  return (
    <div className="columns">
      <Panel title={i.health}>
        <Facts
          rows={[
            [t.engines.status, <EngineBadge key="state" engine={one} />],
            [i.pairing, paired ? t.engine.paired : i.unpaired],
            [i.seen, report?.seen ? <Moment key="seen" at={report.seen} now={now} exact /> : i.neverSeen],
            ...stopped,
            [i.has, leftOn(work) ?? i.hasNothing],
            ...(work?.slots ? [[i.atOnce, i.atMost(work.slots)] as [string, string]] : []),
            [i.version, report?.version ?? '–'],
          ]}
        />
      </Panel>
      <Panel title={t.engine.facts}>
        <Facts
          rows={[
            ...(one.description ? [[i.description, one.description] as [string, string]] : []),
            [t.environment, one.workspace?.environment?.name ?? '–'],
            [t.workspace, one.workspace?.name ?? t.engines.anyWorkspace],
            [
              i.cluster,
              one.clusterId ? (
                <Link key="cluster" to="/clusters/$id" params={{ id: one.clusterId }}>
                  {cluster?.name ?? one.clusterId}
                </Link>
              ) : (
                t.none
              ),
            ],
            [t.engine.created, <Moment key="created" at={one.createDate} now={now} />],
            [t.engine.profiles, one.runProfiles.map((kind) => infra.profiles.kinds[kind] ?? kind).join(', ') || t.none],
            [t.id, <Id key="id" id={one.id} what={t.id} />],
            [t.engine.runtime, <Id key="runtime" id={one.runtimeId} what={t.engine.runtime} />],
          ]}
        />
      </Panel>
      <Panel title={i.running}>
        {here.length === 0 ? (
          <Text className="muted">{i.noRuns}</Text>
        ) : (
          <ul className="rows">
            {here.map((run) => (
              <li key={run.executionId}>
                <StateBadge status={run.status} />
                <span className="grow line">
                  <Link to="/runs/$id" params={{ id: run.executionId }}>
                    <ExecutableName id={run.taskId} plan={false} />
                  </Link>
                </span>
                <Moment at={run.startTimestamp} now={now} />
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <TaskRows
        title={t.engine.tasks}
        none={t.engine.noTasks}
        filter={{ environmentId: environmentId ?? scope.environment?.id, runtimeId: one.id }}
      />
      {operates && <PlansOnEngine environmentId={environmentId ?? scope.environment?.id} id={one.id} />}
    </div>
  );
}

function Manage({ one }: { one: Engine }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const path = { params: { path: { id: one.id } } };
  const remove = async () => {
    await body(core.DELETE('/processing/runtimes/remote-engines/{id}', path));
    await navigate({ to: '/engines' });
    await queries.invalidateQueries({ queryKey: ['engines', 'all'] });
  };
  const unpair = async () => {
    await body(core.DELETE('/processing/runtimes/remote-engines/{id}/pairing', path));
    await queries.invalidateQueries({ queryKey: ['engines'] });
  };
  return (
    <div className="columns">
      <Panel title={one.status === 'PAIRED' ? t.engine.paired : t.engine.pairing} wide={one.status !== 'PAIRED'}>
        <Pairing one={one} />
        {may && one.status === 'PAIRED' && (
          <Group mt="sm">
            <ConfirmButton
              label={i.unpair}
              question={i.unpairAsk(one.name)}
              hint={i.unpairHint}
              act={unpair}
              icon={<IconUnlink size={16} aria-hidden />}
            />
          </Group>
        )}
      </Panel>
      {may ? (
        <Panel title={i.danger}>
          <Stack gap="xs" align="flex-start">
            <Text className="muted">{i.drainFirst}</Text>
            <Text className="muted">{i.dangerHint}</Text>
            <Text className="muted">{i.notes}</Text>
            <ConfirmButton
              label={t.engine.delete}
              question={t.engine.deleteAsk(one.name)}
              hint={t.engine.deleteHint}
              act={remove}
              icon={<IconTrash size={16} aria-hidden />}
              danger
            />
          </Stack>
        </Panel>
      ) : (
        one.preAuthorizedKey && <Text className="muted">{i.noRights}</Text>
      )}
    </div>
  );
}

const TABS = ['overview', 'profiles', 'manage'] as const;

export function EnginePage() {
  const { id } = useParams({ from: '/engines/$id' });
  const search = useSearch({ from: '/engines/$id' });
  const now = useNow(5_000);
  const one = useQuery(engine(id));
  const work = useQuery({ ...engineWork(), select: (all) => all[id] }).data;
  if (!one.data) {
    return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  const it = one.data;
  const usual = it.status === 'PAIRED' ? 'overview' : 'manage';
  const tab = TABS.find((name) => name === search.tab) ?? usual;
  return (
    <div className="page">
      <Head title={it.name} badge={<EngineBadge engine={it} />}>
        <DrainButton name={it.name} id={id} work={work} />
      </Head>
      {one.error && <Failure error={one.error} retry={() => one.refetch()} />}
      {work?.drain && <DrainNotice work={work} drain={work.drain} now={now} />}
      {it.status === 'PAIRED' && it.availability !== 'AVAILABLE' && (
        <Notice tone={work?.drain ? 'warn' : 'bad'} title={work?.drain ? infra.drain.away : t.engine.away}>
          {work?.stoppedAt && i.stopped}
        </Notice>
      )}
      <TabStrip label={i.label}>
        {TABS.map((name) => (
          <Link
            key={name}
            to="/engines/$id"
            params={{ id }}
            search={{ tab: name }}
            aria-current={name === tab ? 'page' : undefined}
          >
            {i.tabs[name]}
          </Link>
        ))}
      </TabStrip>
      {tab === 'overview' && <Overview one={it} work={work} now={now} />}
      {tab === 'profiles' && <ProfilesPanel kind="engine" id={id} />}
      {tab === 'manage' && <Manage one={it} />}
    </div>
  );
}
