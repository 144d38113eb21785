/** Plans: the list, and one with its steps and runs. */

import { Text, Title } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { body, core } from '../api/client';
import { namesOf, type PlanItem, planRuns, plans, tasks } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { t } from '../texts/pages';
import { runLength } from '../texts/time';
import { List } from '../ui/list';
import { Badge, ConfirmButton, Empty, Failure, Head, Moment, StateBadge, useNow, Waiting } from '../ui/parts';

type Step = NonNullable<PlanItem['chart']>;

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

export function Plans() {
  const { query: scope } = useScope();
  const list = useQuery(plans(scope));
  if (list.error) return <Failure error={list.error} retry={() => list.refetch()} />;
  return (
    <div className="page">
      <Head title={t.plans.title} />
      {!list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.plans.title}
          count={list.data.length}
          row={(index) => list.data[index]}
          rowKey={(one) => one.executable}
          columns={[
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
          ]}
          empty={<Empty title={t.plans.none}>{t.plans.noneHint}</Empty>}
        />
      )}
    </div>
  );
}

export function PlanPage() {
  const { id } = useParams({ from: '/plans/$id' });
  const now = useNow();
  const navigate = useNavigate();
  const { query: scope } = useScope();
  const list = useQuery(plans({ environmentId: scope.environmentId }));
  const names = namesOf(useQuery(tasks({ environmentId: scope.environmentId })).data);
  const runs = useQuery(planRuns(id));
  const may = useMay('TMC_OPERATOR');
  const plan = (list.data ?? []).find((one) => one.executable === id);
  if (list.error) return <Failure error={list.error} retry={() => list.refetch()} />;
  if (!list.data) return <Waiting />;
  if (!plan) return <Empty title={t.gone} action={<Link to="/plans">{t.nav.plans}</Link>} />;
  const start = async () => {
    const started = await body(core.POST('/processing/executions/plans', { body: { executable: id } }));
    await navigate({ to: '/plan-runs/$id', params: { id: String(started?.executionId) } });
  };
  return (
    <div className="page">
      <Head title={plan.name} badge={<PauseBadge plan={plan} />}>
        {may && !plan.planPauseDetails?.pause && (
          <ConfirmButton
            label={t.plans.run}
            question={t.plans.runAsk(plan.name)}
            hint={t.plans.runHint}
            act={start}
            icon={<IconPlayerPlay size={16} aria-hidden />}
          />
        )}
      </Head>
      <div className="columns">
        <section className="panel">
          <Title order={2} size="h2">
            {t.plans.steps}
          </Title>
          <ol className="rows">
            {stepsOf(plan.chart).map((step, number) => (
              <li key={step.id ?? number}>
                <span className="muted">{number + 1}</span>
                <span className="grow">
                  <strong>{step.name}</strong>
                  <br />
                  {(step.flows ?? []).map((flow, place) => (
                    <span key={flow.id ?? place}>
                      {place > 0 && ', '}
                      <Link to="/tasks/$id" params={{ id: flow.id ?? '' }}>
                        {flow.name ?? names.get(flow.id ?? '') ?? flow.id}
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
                </span>
              </li>
            ))}
          </ol>
        </section>
        <section className="panel">
          <Title order={2} size="h2">
            {t.plans.lastRuns}
          </Title>
          {runs.error ? (
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
        </section>
      </div>
    </div>
  );
}
