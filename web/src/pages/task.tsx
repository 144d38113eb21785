/** One task: what it is made of, what it did last, and running it. */

import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { IconArrowUp, IconPencil, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type FormEvent, lazy, useState } from 'react';
import { body, core, Problem } from '../api/client';
import { artifactVersion, type Run, runConfig, runPage, type Task, task } from '../api/queries';
import { taskStandings } from '../api/standings';
import { useMay, useRight, useScope } from '../app/context';
import { howOf, storeHow } from '../lib/task-form';
import { b } from '../texts/bulk';
import { t } from '../texts/pages';
import { runLength } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { w } from '../texts/work';
import { CopyAsButton } from '../ui/copy';
import { PauseAndDelete } from '../ui/executable';
import { ParameterFields, ParametersPanel } from '../ui/parameters';
import {
  Badge,
  ConfirmButton,
  Dialog,
  Facts,
  Failure,
  Head,
  Id,
  isLost,
  Moment,
  Notice,
  Panel,
  StateBadge,
  useNow,
  Waiting,
} from '../ui/parts';
import { PlansWithTask } from '../ui/plan-rows';
import { Firings } from './firings';
import { useRuntimeNames } from './runs';
import { ScheduleOf } from './schedule-of';
import { type Place, PlaceSelect } from './task-place';
import { isBehind, upgrade } from './tasks-bulk';

const CopyTask = lazy(() => import('./task-copy').then((m) => ({ default: m.CopyTask })));

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF'];

function RunForm({ it, close }: { it: Task; close: () => void }) {
  const navigate = useNavigate();
  const version = useQuery(artifactVersion(it.artifact.id, it.artifact.version));
  const [values, setValues] = useState<Record<string, string>>({});
  const [level, setLevel] = useState<string | null>(null);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const declared = version.data?.parameters ?? [];
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const request = { executable: it.id, parameters: values, logLevel: (level ?? undefined) as never };
      const started = await body(core.POST('/processing/executions', { body: request }));
      await navigate({ to: '/runs/$id', params: { id: String(started?.executionId) } });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {version.error && <Failure error={version.error} retry={() => version.refetch()} />}
        {version.data && <Text className="muted">{declared.length > 0 ? t.task.runHint : t.task.runBare}</Text>}
        <ParameterFields
          declared={declared}
          values={values}
          change={setValues}
          standing={it.parameters as Record<string, string>}
        />
        <Select
          label={t.task.level}
          placeholder={t.task.levelAsTask}
          data={LEVELS}
          value={level}
          onChange={setLevel}
          clearable
          clearButtonProps={{ 'aria-label': t.task.levelAsTask }}
        />
        {error !== undefined && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={busy} leftSection={<IconPlayerPlay size={16} aria-hidden />}>
            {t.task.run}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Actions({ it, draft, ready }: { it: Task; draft: boolean; ready: boolean }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const search = useSearch({ from: '/tasks/$id' });
  const wanted = search.run === '1';
  const setOpen = (open: boolean) =>
    navigate({ to: '/tasks/$id', params: { id: it.id }, search: { run: open ? '1' : undefined }, replace: true });
  const executes = useRight(it.workspace?.id, 'EXECUTE');
  const may = useMay('TMC_OPERATOR', 'TMC_ENGINE_USE') && executes;
  const operator = useMay('TMC_OPERATOR');
  const mayEdit = useRight(it.workspace?.id, 'AUTHOR') && operator;
  const paused = it.taskPauseDetails?.pause === true;
  const pause = async (pause: boolean, pauseContext?: string) => {
    const path = { taskId: it.id };
    await body(
      core.PUT('/orchestration/executables/tasks/{taskId}/pause', { params: { path }, body: { pause, pauseContext } }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  const remove = async () => {
    await body(core.DELETE('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId: it.id } } }));
    await queries.invalidateQueries({ queryKey: ['objects', 'tasks'] });
    await navigate({ to: '/tasks' });
  };
  return (
    <>
      {may && !paused && ready && (
        <Button
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          aria-keyshortcuts="R"
          onClick={() => setOpen(true)}
        >
          {t.task.run}
        </Button>
      )}
      {mayEdit && draft && (
        <Button component={Link} to={`/tasks/new?task=${it.id}`}>
          {w.task.finishDraft}
        </Button>
      )}
      {mayEdit && (
        <Button
          variant="default"
          component={Link}
          to={`/tasks/${it.id}/edit`}
          leftSection={<IconPencil size={16} aria-hidden />}
        >
          {w.task.edit}
        </Button>
      )}
      {operator && <CopyAsButton dialog={(close) => <CopyTask it={it} close={close} />} />}
      <PauseAndDelete
        name={it.name}
        paused={paused}
        why={it.taskPauseDetails?.pauseContext}
        texts={t.task}
        pause={operator && executes ? pause : undefined}
        remove={mayEdit ? remove : undefined}
      />
      <Dialog open={wanted && may && !paused && ready} close={() => setOpen(false)} title={t.task.runWith(it.name)}>
        <RunForm it={it} close={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

/** The artifact of a task, and the way to its newest version when there is a newer one. */
function ArtifactOf({ it }: { it: Task }) {
  const queries = useQueryClient();
  const may = [useMay('TMC_OPERATOR'), useRight(it.workspace?.id, 'AUTHOR')].every(Boolean);
  const standing = useQuery(taskStandings([it.id])).data?.[0];
  const take = async () => {
    await upgrade(it.id);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await queries.invalidateQueries({ queryKey: ['runs', 'task-standings'] });
  };
  return (
    <>
      <Link to="/artifacts/$id" params={{ id: it.artifact.id }}>
        {it.artifact.name ?? it.artifact.id} {it.artifact.version}
      </Link>
      {isBehind(standing) && (
        <Group gap="xs" mt={4}>
          <span className="newer-version" title={b.newerHint(standing.newestVersion)}>
            <IconArrowUp size={13} aria-hidden />
            {b.newer(standing.newestVersion)}
          </span>
          {may && (
            <ConfirmButton
              label={b.upgradeOne}
              question={b.upgradeAsk(it.name, standing.newestVersion)}
              hint={b.upgradeHint}
              act={take}
            />
          )}
        </Group>
      )}
    </>
  );
}

/** A few runs with their state. */
export function RunRows({ runs, now }: { runs: Run[]; now: number }) {
  return (
    <ul className="rows">
      {runs.map((run) => (
        <li key={run.executionId}>
          <StateBadge status={run.status} />
          <span className="grow line">
            <Link to="/runs/$id" params={{ id: run.executionId }}>
              <Moment at={run.triggerTimestamp} now={now} />
            </Link>{' '}
            <span className="muted">{run.errorMessage}</span>
          </span>
          <span className="muted">
            {runLength(run.status === 'dispatching' ? undefined : run.startTimestamp, run.finishTimestamp, now)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Where a task runs; a form as long as that is not chosen. */
function Configuration({ it }: { it: Task }) {
  const queries = useQueryClient();
  const config = useQuery(runConfig(it.id));
  const places = useRuntimeNames();
  const executes = useRight(it.workspace?.id, 'EXECUTE');
  const [place, setPlace] = useState<Place | undefined>();
  const [error, setError] = useState<unknown>();
  const may = useMay('TMC_OPERATOR') && executes;
  const missing = config.error instanceof Problem && [404, 501].includes(config.error.status);
  const save = async () => {
    if (!place) return;
    try {
      await storeHow(it.id, { ...howOf(undefined), place }, undefined);
      await queries.invalidateQueries({ queryKey: ['objects'] });
    } catch (problem) {
      setError(problem);
    }
  };
  if (config.error && !missing) return <Failure error={config.error} />;
  const runtime = config.data?.runtime;
  if (missing || (config.data && !runtime?.id)) {
    return (
      <Stack gap="xs" align="flex-start">
        <Text>{t.task.notConfigured}</Text>
        {may && (
          <>
            <PlaceSelect value={place} change={setPlace} />
            {error !== undefined && <Failure error={error} />}
            <Button onClick={save} disabled={!place}>
              {t.save}
            </Button>
          </>
        )}
      </Stack>
    );
  }
  if (!config.data) return <Waiting />;
  return (
    <Facts
      rows={[
        [
          t.task.where,
          runtime?.type === 'REMOTE_ENGINE' && runtime.id ? (
            <Link key="engine" to="/engines/$id" params={{ id: runtime.id }}>
              {places.get(runtime.id) ?? runtime.id}
            </Link>
          ) : (
            (places.get(runtime?.id ?? '') ?? '–')
          ),
        ],
        [t.task.trigger, triggerWords(config.data.trigger)],
        [t.task.parallel, config.data.parallelExecutionAllowed ? t.task.yes : t.task.no],
        [t.task.level, config.data.logLevel ?? '–'],
        [t.task.timeout, config.data.timeout ? t.run.minutes(config.data.timeout) : t.none],
      ]}
    />
  );
}

export function TaskPage() {
  const { id } = useParams({ from: '/tasks/$id' });
  const now = useNow();
  const { query: scope } = useScope();
  const one = useQuery(task(id));
  const config = useQuery(runConfig(id));
  const operates = useMay('TMC_OPERATOR');
  const last = useQuery(runPage({ environmentId: scope.environmentId, taskId: id }, 0, 8));
  if (isLost(one)) return <Failure error={one.error} retry={() => one.refetch()} />;
  if (!one.data) return <Waiting />;
  const it = one.data;
  const pause = it.taskPauseDetails;
  const bare = config.error instanceof Problem && [404, 501].includes(config.error.status);
  const draft = bare || (config.data !== undefined && !config.data.runtime?.id);
  const parameters = Object.entries((it.parameters ?? {}) as Record<string, string>);
  return (
    <div className="page">
      <Head
        title={it.name}
        badge={
          pause?.pause ? (
            <Badge tone="warn">{t.tasks.paused}</Badge>
          ) : draft ? (
            <Badge tone="idle">{t.tasks.draft}</Badge>
          ) : (
            <Badge tone="good">{t.tasks.ready}</Badge>
          )
        }
      >
        <Actions it={it} draft={draft} ready={Boolean(config.data?.runtime?.id)} />
      </Head>
      {pause?.pause && (
        <Notice tone="warn" title={t.task.paused(pause.user ?? '?')}>
          {pause.pauseContext} <Moment at={pause.pauseDate} now={now} />
        </Notice>
      )}
      <div className="columns">
        <Panel title={t.task.facts}>
          <Facts
            rows={[
              ...(it.description ? [[t.description, it.description] as [string, string]] : []),
              [t.task.artifact, <ArtifactOf key="artifact" it={it} />],
              [t.workspace, it.workspace?.name ?? '–'],
              [t.tasks.tags, it.tags?.join(', ') || t.none],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
            ]}
          />
        </Panel>
        <Panel title={t.task.how}>
          <Configuration it={it} />
        </Panel>
        <ParametersPanel title={t.task.parameters} none={t.task.noParameters} values={parameters} />
        <Panel title={w.plan.schedule}>
          <ScheduleOf id={id} name={it.name} workspaceId={it.workspace?.id} plan={false} now={now} />
          <Firings id={id} plan={false} now={now} />
        </Panel>
        {operates && <PlansWithTask environmentId={it.workspace?.environment?.id} taskId={id} />}
        <Panel title={t.task.lastRuns}>
          {last.data?.items.length === 0 ? (
            <Text className="muted">{t.task.noRuns}</Text>
          ) : (
            <>
              <RunRows runs={last.data?.items ?? []} now={now} />
              <Link to="/runs" search={{ task: id }}>
                {t.task.allRuns}
              </Link>
            </>
          )}
        </Panel>
      </div>
    </div>
  );
}
