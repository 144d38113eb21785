/** The tasks of an environment. The filters are in the address; the server looks for what they ask. */

import { Button, Group, Select } from '@mantine/core';
import { IconArrowUp, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { artifact, artifactPage, type TaskFilter, taskPage } from '../api/pages';
import { clusters, engines, type TaskItem } from '../api/queries';
import type { TaskStanding } from '../api/standings';
import { useMay, useScope, useWorkspacesWith } from '../app/context';
import { useChosen } from '../lib/use-chosen';
import { usePages, useSettled } from '../lib/use-pages';
import { useTaskStandings } from '../lib/use-standings';
import { b } from '../texts/bulk';
import { dayOf, dayStart } from '../texts/days';
import { t } from '../texts/pages';
import { useColumns } from '../ui/columns';
import { FoundSelect } from '../ui/found';
import { type Column, List } from '../ui/list';
import { FindField } from '../ui/list-page';
import { Badge, Empty, Failure, Head, Id, isLost, useNow, Waiting } from '../ui/parts';
import { LastRun, NextStart } from '../ui/standing';
import { ofEnvironment } from './engines';
import { useRuntimeNames } from './runs';
import { isBehind, TasksBulk, taskKey, taskName } from './tasks-bulk';

/** Filters that a link sets; each has a field once it is set. */
const USED = ['connection', 'resource'] as const;
const TRIGGERS = Object.keys(t.tasks.triggers) as (keyof typeof t.tasks.triggers)[];

/** The name of an artifact; one that is not among the first is asked for when its row can be seen. */
function ArtifactName({ id }: { id: string }) {
  const { query: scope } = useScope();
  const first = useQuery(artifactPage({ environmentId: scope.environmentId }, 0));
  const known = first.data?.items.find((one) => one.id === id);
  const one = useQuery({
    ...artifact(id),
    enabled: first.data !== undefined && !known && first.data.total > first.data.items.length,
    staleTime: 60_000,
  });
  return known?.name ?? one.data?.name ?? (first.data ? id : '');
}

function TaskState({ one }: { one: TaskItem }) {
  if (one.taskPauseDetails?.pause) return <Badge tone="warn">{t.tasks.paused}</Badge>;
  return one.runtime?.id ? <Badge tone="good">{t.tasks.ready}</Badge> : <Badge tone="idle">{t.tasks.draft}</Badge>;
}

/** The version of the artifact that a task has, and whether there is a newer one. */
function Version({ of }: { of: TaskStanding | undefined }) {
  if (!of) return null;
  return (
    <>
      {of.artifactVersion}{' '}
      {isBehind(of) && (
        <span className="newer-version" title={b.newerHint(of.newestVersion)}>
          <IconArrowUp size={13} aria-hidden />
          {b.newer(of.newestVersion)}
        </span>
      )}
    </>
  );
}

function columns(places: Map<string, string>, standings: Map<string, TaskStanding>, today: number): Column<TaskItem>[] {
  const standing = (one: TaskItem) => standings.get(taskKey(one));
  return [
    {
      key: 'name',
      title: t.name,
      width: 'minmax(8rem, 3fr)',
      always: true,
      cell: (one) => (
        <Link className="row-link" to="/tasks/$id" params={{ id: taskKey(one) }}>
          {one.name}
        </Link>
      ),
    },
    { key: 'state', title: t.tasks.state, width: '5.5rem', cell: (one) => <TaskState one={one} /> },
    {
      key: 'last',
      title: b.last,
      width: '8rem',
      wide: true,
      cell: (one) => <LastRun of={standing(one)} />,
    },
    {
      key: 'next',
      title: b.next,
      width: '8.5rem',
      wide: true,
      cell: (one) => <NextStart of={standing(one)} today={today} />,
    },
    {
      key: 'artifact',
      title: t.tasks.artifact,
      width: 'minmax(6rem, 1.2fr)',
      wide: true,
      cell: (one) => one.artifactId && <ArtifactName id={one.artifactId} />,
    },
    {
      key: 'version',
      title: t.newTask.version,
      width: 'minmax(5rem, 1fr)',
      wide: true,
      cell: (one) => <Version of={standing(one)} />,
    },
    {
      key: 'where',
      title: t.tasks.where,
      width: 'minmax(6rem, 1fr)',
      wide: true,
      cell: (one) => places.get(one.runtime?.id ?? '') ?? (one.runtime?.id || '–'),
    },
    {
      key: 'workspace',
      title: t.workspace,
      width: 'minmax(5rem, 0.8fr)',
      wide: true,
      cell: (one) => one.workspace?.name,
    },
    {
      key: 'tags',
      title: t.tasks.tags,
      width: 'minmax(4rem, 0.8fr)',
      wide: true,
      cell: (one) => one.tags?.join(', '),
    },
    {
      key: 'id',
      title: t.id,
      width: '15rem',
      wide: true,
      seldom: true,
      cell: (one) => (
        <span className="above">
          <Id id={taskKey(one)} what={t.id} />
        </span>
      ),
    },
  ];
}

function Filters() {
  const search = useSearch({ from: '/tasks' });
  const navigate = useNavigate({ from: '/tasks' });
  const { query: scope, environment } = useScope();
  const machines = ofEnvironment(useQuery(engines()).data, environment?.id);
  const groups = (useQuery(clusters()).data ?? []).filter((one) => one.workspace?.environment?.id === environment?.id);
  const set = (change: Record<string, string | undefined>) =>
    navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const narrowed = Object.values(search).some(Boolean);
  const clear = { 'aria-label': t.runs.clear };
  return (
    <Group gap="sm" className="filters">
      <FindField label={t.tasks.search} />
      <FoundSelect
        kind="artifact"
        scope={{ environmentId: scope.environmentId }}
        ariaLabel={t.tasks.artifact}
        placeholder={`${t.tasks.artifact}: ${t.all}`}
        value={search.artifact ?? null}
        change={(artifact) => set({ artifact: artifact ?? undefined })}
        clearable
      />
      <Select
        aria-label={t.tasks.where}
        placeholder={`${t.tasks.where}: ${t.all}`}
        data={[...machines, ...groups].map((one) => ({ value: one.id, label: one.name }))}
        value={search.place ?? null}
        onChange={(place) => set({ place: place ?? undefined })}
        searchable
        clearable
        limit={200}
        clearButtonProps={clear}
      />
      <Select
        aria-label={t.tasks.trigger}
        placeholder={`${t.tasks.trigger}: ${t.all}`}
        data={TRIGGERS.map((value) => ({ value, label: t.tasks.triggers[value] }))}
        value={search.starts ?? null}
        onChange={(starts) => set({ starts: starts ?? undefined })}
        clearable
        clearButtonProps={clear}
      />
      <FindField label={t.tasks.byTag} field="tag" />
      {USED.filter((kind) => search[kind]).map((kind) => (
        <FoundSelect
          key={kind}
          kind={kind}
          scope={{ environmentId: scope.environmentId }}
          ariaLabel={t.tasks.uses[kind]}
          value={search[kind] ?? null}
          change={(id) => set({ [kind]: id ?? undefined })}
          clearable
        />
      ))}
      {narrowed && (
        <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
          {t.runs.clear}
        </Button>
      )}
    </Group>
  );
}

export function Tasks() {
  const search = useSearch({ from: '/tasks' });
  const { query: scope } = useScope();
  const name = useSettled(search.name);
  const tag = useSettled(search.tag);
  const filter: TaskFilter = {
    ...scope,
    name,
    artifactId: search.artifact,
    runtimeId: search.place,
    connectionId: search.connection,
    resourceId: search.resource,
    tags: tag ? [tag] : undefined,
    triggerType: TRIGGERS.find((one) => one === search.starts),
  };
  const list = usePages<TaskItem>((number) => taskPage(filter, number));
  const places = useRuntimeNames();
  const writes = useWorkspacesWith('AUTHOR').length > 0;
  const may = useMay('TMC_OPERATOR') && writes;
  const narrowed = Object.values(search).some(Boolean);
  const built = useQuery(artifactPage({ environmentId: scope.environmentId }, 0));
  const today = dayStart(dayOf(useNow(60_000)));
  const standings = useTaskStandings(list.loaded.map((page) => page.map(taskKey)));
  const all = useMemo(() => columns(places, standings, today), [places, standings, today]);
  const { shown, chooser } = useColumns('tasks', all);
  const chosen = useChosen(taskKey);
  const make = (
    <Button component={Link} to="/tasks/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t.tasks.new}
    </Button>
  );
  const first = built.data?.total === 0 ? <Link to="/artifacts">{t.tasks.fromArtifact}</Link> : may && make;
  return (
    <div className="page">
      <Head
        title={t.tasks.title}
        badge={list.data && <span className="muted">{list.total.toLocaleString('en-GB')}</span>}
      >
        {chooser}
        {may && make}
      </Head>
      <Filters />
      <TasksBulk chosen={chosen} standings={standings} />
      {isLost(list) ? (
        <Failure error={list.error} retry={list.refetch} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.tasks.title}
          count={list.total}
          row={list.row}
          rowKey={taskKey}
          rowName={taskName}
          chosen={chosen}
          columns={shown}
          onRange={list.onRange}
          empty={
            narrowed ? (
              <Empty title={t.tasks.noMatch}>{t.tasks.noMatchHint}</Empty>
            ) : (
              <Empty title={t.tasks.none} action={first}>
                {t.tasks.noneHint}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}
