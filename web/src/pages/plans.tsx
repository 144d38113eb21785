/** Plans: the list, and one with its steps and runs. */

import { Button, Group, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconPencil, IconPlayerPlay, IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { body, core } from '../api/client';
import { planPage } from '../api/pages';
import { type PlanItem, planRuns } from '../api/queries';
import { plan as planQuery } from '../api/work';
import { useMay, useRight, useScope, useWorkspacesWith } from '../app/context';
import { conditionOf } from '../lib/plan-steps';
import { usePages } from '../lib/use-pages';
import { t } from '../texts/pages';
import { runLength } from '../texts/time';
import { w } from '../texts/work';
import { ExecutableName, PauseAndDelete } from '../ui/executable';
import { type Column, List } from '../ui/list';
import { FindField } from '../ui/list-page';
import {
  Badge,
  ConfirmButton,
  Empty,
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
import { Firings } from './firings';
import { ScheduleOf } from './schedule-of';

type Step = NonNullable<PlanItem['chart']>;

const REST_MS = 200;

/** The steps of a plan in order; a plan holds them as a chain. */
export function stepsOf(chart: Step | undefined): Step[] {
  const steps: Step[] = [];
  for (let step = chart; step && steps.length < 1_000; step = step.nextStep) steps.push(step);
  return steps;
}

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

const PLAN_COLUMNS: Column<PlanItem>[] = [
  {
    key: 'name',
    title: t.name,
    width: 'minmax(8rem, 2fr)',
    cell: (one) => (
      <Link className="row-link" to="/plans/$id" params={{ id: one.executable }}>
        {one.name}
      </Link>
    ),
  },
  { key: 'state', title: t.tasks.state, width: '7rem', cell: (one) => <PauseBadge plan={one} /> },
  {
    key: 'steps',
    title: t.plans.steps,
    width: 'minmax(6rem, 2fr)',
    wide: true,
    cell: (one) =>
      stepsOf(one.chart)
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
];

export function Plans() {
  const { query: scope } = useScope();
  const search = useSearch({ from: '/plans' });
  const [name] = useDebouncedValue(search.name?.trim() || undefined, REST_MS);
  const list = usePages<PlanItem>((number) => planPage({ ...scope, name }, number));
  const writes = useWorkspacesWith('AUTHOR').length > 0;
  const may = useMay('TMC_OPERATOR') && writes;
  if (isLost(list)) return <LostPage title={t.plans.title} error={list.error} retry={list.refetch} />;
  return (
    <div className="page">
      <Head
        title={t.plans.title}
        badge={list.data && <span className="muted">{list.total.toLocaleString('en-GB')}</span>}
      >
        {may && <NewPlanLink />}
      </Head>
      <Group>
        <FindField label={w.plan.search} />
      </Group>
      {!list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.plans.title}
          count={list.total}
          row={list.row}
          rowKey={(one) => one.executable}
          columns={PLAN_COLUMNS}
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

function Actions({ plan }: { plan: PlanItem }) {
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
      {stepsOf(plan.chart).map((step, number) => (
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
  const plan = found.data as PlanItem | undefined;
  const may = useMay('TMC_OPERATOR');
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!plan) return <Waiting />;
  const pause = plan.planPauseDetails;
  return (
    <div className="page">
      <Head title={plan.name} badge={<PauseBadge plan={plan} />}>
        {may && <Actions plan={plan} />}
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
          <Text size="sm" mt="xs">
            <Id id={id} what={t.id} />
          </Text>
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
              {(runs.data?.items ?? []).map((run) => (
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
        </Panel>
      </div>
    </div>
  );
}
