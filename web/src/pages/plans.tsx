/** Plans: the list, and one with its steps and runs. */

import { Button, Group, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPencil, IconPlayerPlay, IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, useMemo } from 'react';
import { body, core } from '../api/client';
import { planPage } from '../api/pages';
import { type PlanItem, planRuns, type StartConfig, startConfig } from '../api/queries';
import type { PlanStanding } from '../api/standings';
import { plan as planQuery } from '../api/work';
import { useMay, useRight, useScope, useWorkspacesWith } from '../app/context';
import { conditionOf, planSteps } from '../lib/plan-steps';
import { WITH_PLANS } from '../lib/run-search';
import { useChosen } from '../lib/use-chosen';
import { usePages } from '../lib/use-pages';
import { usePlanStandings } from '../lib/use-standings';
import { b } from '../texts/bulk';
import { dayOf, dayStart } from '../texts/days';
import { t } from '../texts/pages';
import { runLength } from '../texts/time';
import { w } from '../texts/work';
import { useColumns } from '../ui/columns';
import { CopyAsButton } from '../ui/copy';
import { ExecutableName, PauseAndDelete } from '../ui/executable';
import { type Column, List } from '../ui/list';
import { FindField } from '../ui/list-page';
import {
  Badge,
  ConfirmButton,
  Empty,
  Facts,
  Failure,
  Head,
  Id,
  isLost,
  LostPage,
  Moment,
  Notice,
  Panel,
  StateBadge,
  useNow,
  Waiting,
} from '../ui/parts';
import { LastRun, NextStart } from '../ui/standing';
import { Firings } from './firings';
import { PlansBulk, planKey, planName } from './plans-bulk';
import { ScheduleOf } from './schedule-of';

const CopyPlan = lazy(() => import('./plan-copy').then((m) => ({ default: m.CopyPlan })));

const REST_MS = 200;
/** Runs that the page of a plan shows. */
const LAST = 8;

function PauseBadge({ plan }: { plan: PlanItem }) {
  return plan.planPauseDetails?.pause ? (
    <Badge tone="warn">{t.tasks.paused}</Badge>
  ) : (
    <Badge tone="good">{t.tasks.ready}</Badge>
  );
}

function NewPlanLink() {
  return (
    <Button component={Link} to="/plans/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {w.plan.new}
    </Button>
  );
}

function columns(standings: Map<string, PlanStanding>, today: number): Column<PlanItem>[] {
  const standing = (one: PlanItem) => standings.get(planKey(one));
  return [
    {
      key: 'name',
      title: t.name,
      width: 'minmax(8rem, 2fr)',
      always: true,
      cell: (one) => (
        <Link className="row-link" to="/plans/$id" params={{ id: one.executable }}>
          {one.name}
        </Link>
      ),
    },
    {
      key: 'state',
      title: t.tasks.state,
      width: '5.5rem',
      cell: (one) => <PauseBadge plan={one} />,
    },
    {
      key: 'last',
      title: b.last,
      width: '8rem',
      wide: true,
      cell: (one) => <LastRun of={standing(one)} plan />,
    },
    {
      key: 'next',
      title: b.next,
      width: '8.5rem',
      wide: true,
      cell: (one) => <NextStart of={standing(one)} today={today} />,
    },
    {
      key: 'steps',
      title: t.plans.steps,
      width: 'minmax(6rem, 2fr)',
      wide: true,
      cell: (one) =>
        planSteps(one.chart)
          .map((step) => step.name)
          .join(' → '),
    },
    {
      key: 'workspace',
      title: t.workspace,
      width: 'minmax(5rem, 1fr)',
      wide: true,
      cell: (one) => one.workspace?.name,
    },
    {
      key: 'id',
      title: t.id,
      width: '22rem',
      wide: true,
      seldom: true,
      cell: (one) => (
        <span className="above">
          <Id id={one.executable} what={t.id} />
        </span>
      ),
    },
  ];
}

export function Plans() {
  const { query: scope } = useScope();
  const search = useSearch({ from: '/plans' });
  const [name] = useDebouncedValue(search.name?.trim() || undefined, REST_MS);
  const list = usePages<PlanItem>((number) => planPage({ ...scope, name }, number));
  const writes = useWorkspacesWith('AUTHOR').length > 0;
  const may = useMay('TMC_OPERATOR') && writes;
  const today = dayStart(dayOf(useNow(60_000)));
  const standings = usePlanStandings(list.loaded.map((page) => page.map(planKey)));
  const all = useMemo(() => columns(standings, today), [standings, today]);
  const { shown, chooser } = useColumns('plans', all);
  const chosen = useChosen(planKey);
  if (isLost(list)) return <LostPage title={t.plans.title} error={list.error} retry={list.refetch} />;
  return (
    <div className="page">
      <Head
        title={t.plans.title}
        badge={list.data && <span className="muted">{list.total.toLocaleString('en-GB')}</span>}
      >
        {chooser}
        {may && <NewPlanLink />}
      </Head>
      <Group>
        <FindField label={w.plan.search} />
      </Group>
      <PlansBulk chosen={chosen} />
      {!list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.plans.title}
          count={list.total}
          row={list.row}
          rowKey={planKey}
          rowName={planName}
          chosen={chosen}
          columns={shown}
          onRange={list.onRange}
          empty={
            search.name ? (
              <Empty title={w.plan.noMatch} />
            ) : (
              <Empty title={t.plans.none} action={may && <NewPlanLink />}>
                {w.plan.noneHint}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}

function Actions({ plan, config }: { plan: PlanItem; config: StartConfig | undefined }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const id = plan.executable;
  const paused = plan.planPauseDetails?.pause === true;
  const executes = useRight(plan.workspace?.id, 'EXECUTE');
  const writes = useRight(plan.workspace?.id, 'AUTHOR');
  const start = async () => {
    const started = await body(core.POST('/processing/executions/plans', { body: { executable: id } }));
    await navigate({ to: '/plan-runs/$id', params: { id: String(started?.executionId) } });
  };
  const pause = async (pause: boolean, pauseContext?: string) => {
    const params = { path: { planId: id } };
    await body(core.PUT('/orchestration/executables/plans/{planId}/pause', { params, body: { pause, pauseContext } }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  const remove = async () => {
    await body(core.DELETE('/orchestration/executables/plans/{planId}', { params: { path: { planId: id } } }));
    await navigate({ to: '/plans' });
    await queries.invalidateQueries({ queryKey: ['objects', 'plans'] });
  };
  return (
    <>
      {executes && !paused && (
        <ConfirmButton
          label={t.plans.run}
          question={t.plans.runAsk(plan.name)}
          hint={t.plans.runHint}
          act={start}
          primary
          shortcut="R"
          icon={<IconPlayerPlay size={16} aria-hidden />}
        />
      )}
      {writes && (
        <Button
          variant="default"
          component={Link}
          to={`/plans/${id}/edit`}
          leftSection={<IconPencil size={16} aria-hidden />}
        >
          {w.plan.edit}
        </Button>
      )}
      <CopyAsButton dialog={(close) => <CopyPlan plan={plan} config={config} close={close} />} />
      <PauseAndDelete
        name={plan.name}
        paused={paused}
        why={plan.planPauseDetails?.pauseContext}
        texts={w.plan}
        pause={executes ? pause : undefined}
        remove={writes ? remove : undefined}
      />
    </>
  );
}

function StepRows({ plan }: { plan: PlanItem }) {
  return (
    <ol className="rows">
      {planSteps(plan.chart).map((step, number) => (
        <li key={step.id ?? number}>
          <span className="muted">{number + 1}</span>
          <span className="grow">
            <strong>{step.name}</strong>{' '}
            <span className="muted">
              {w.plan.condition.toLowerCase()} {w.plan.conditions[conditionOf(step)]}
            </span>
            <br />
            {(step.flows ?? []).map((flow, place) => (
              <span key={flow.id ?? place}>
                {place > 0 && ', '}
                <Link to="/tasks/$id" params={{ id: flow.id ?? '' }}>
                  {flow.name ?? <ExecutableName id={flow.id ?? ''} plan={false} />}
                </Link>
                {flow.artifact && (
                  <span className="muted">
                    {' '}
                    {flow.artifact.name} {flow.artifact.version}
                  </span>
                )}
                {flow.taskPauseDetails?.pause && (
                  <>
                    {' '}
                    <Badge tone="warn">{t.tasks.paused}</Badge>
                  </>
                )}
              </span>
            ))}
            {step.stepOnException && (
              <>
                <br />
                <span className="muted">
                  {t.plans.onFailure}: {step.stepOnException.flows?.map((flow) => flow.name).join(', ')}
                </span>
              </>
            )}
            {step.note && (
              <>
                <br />
                <span className="muted">
                  {w.plan.note2}: {step.note}
                </span>
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}

export function PlanPage() {
  const { id } = useParams({ from: '/plans/$id' });
  const now = useNow();
  const found = useQuery(planQuery(id));
  const runs = useQuery(planRuns(id));
  const config = useQuery(startConfig(id, true));
  const plan = found.data as PlanItem | undefined;
  const may = useMay('TMC_OPERATOR');
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!plan) return <Waiting />;
  const pause = plan.planPauseDetails;
  return (
    <div className="page">
      <Head title={plan.name} badge={<PauseBadge plan={plan} />}>
        {may && <Actions plan={plan} config={config.data} />}
      </Head>
      {pause?.pause && (
        <Notice tone="warn" title={t.task.paused(pause.user ?? '?')}>
          {pause.pauseContext} <Moment at={pause.pauseDate} now={now} />
        </Notice>
      )}
      {plan.description && <Text className="muted">{plan.description}</Text>}
      <div className="columns">
        <Panel title={t.plans.steps}>
          <StepRows plan={plan} />
        </Panel>
        <Panel title={t.task.facts}>
          <Facts
            rows={[
              [t.workspace, plan.workspace?.name ?? '–'],
              [t.task.parallel, config.data ? (config.data.parallelExecutionAllowed ? t.task.yes : t.task.no) : '–'],
              [t.id, <Id key="id" id={id} what={t.id} />],
            ]}
          />
        </Panel>
        <Panel title={w.plan.schedule}>
          <ScheduleOf id={id} name={plan.name} workspaceId={plan.workspace?.id} plan now={now} />
          <Firings id={id} plan now={now} />
        </Panel>
        <Panel title={t.plans.lastRuns}>
          {isLost(runs) ? (
            <Failure error={runs.error} />
          ) : runs.data?.items.length === 0 ? (
            <Text className="muted">{t.plans.noRuns}</Text>
          ) : (
            <ul className="rows">
              {(runs.data?.items ?? []).slice(0, LAST).map((run) => (
                <li key={run.executionId}>
                  <StateBadge status={run.status} />
                  <span className="grow">
                    <Link to="/plan-runs/$id" params={{ id: run.executionId }}>
                      <Moment at={run.startTimestamp} now={now} />
                    </Link>{' '}
                    <span className="muted">
                      {t.plans.progress(run.doneExecutableCount ?? 0, run.plannedExecutableCount ?? 0)}
                    </span>
                  </span>
                  <span className="muted">{runLength(run.startTimestamp, run.finishTimestamp, now)}</span>
                </li>
              ))}
            </ul>
          )}
          {(runs.data?.total ?? 0) > 0 && (
            <Link to="/runs" search={{ plan: id, kind: WITH_PLANS }}>
              {w.plan.allRuns}
            </Link>
          )}
        </Panel>
      </div>
    </div>
  );
}
