/** One run of a plan as a waterfall: when each step and each of its tasks ran. */

import { Group } from '@mantine/core';
import { IconPlayerStop } from '@tabler/icons-react';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { body, own } from '../api/client';
import { type PlanItem, type PlanTimeline, planTimeline, run } from '../api/queries';
import { plan } from '../api/work';
import { useMay, useRight } from '../app/context';
import { t } from '../texts/pages';
import { stateOf } from '../texts/status';
import { duration, instant } from '../texts/time';
import { w } from '../texts/work';
import { ExecutableName } from '../ui/executable';
import { ConfirmButton, Failure, Head, isLost, Notice, Panel, StateBadge, useNow, Waiting } from '../ui/parts';
import { RerunButton } from './plan-rerun';

interface Span {
  from?: number;
  to?: number;
}

/** Place and width of a span within a whole, in per cent; nothing for what has not begun. */
export function placed(span: Span, whole: Required<Span>, now: number): { left: number; width: number } | undefined {
  if (span.from === undefined) return undefined;
  const length = Math.max(1, whole.to - whole.from);
  const left = ((span.from - whole.from) / length) * 100;
  return { left, width: Math.max(0.5, (((span.to ?? now) - span.from) / length) * 100) };
}

function Bar(props: {
  label: ReactNode;
  span: Span;
  whole: Required<Span>;
  status?: string;
  now: number;
  below?: boolean;
}) {
  const place = placed(props.span, props.whole, props.now);
  const state = stateOf(props.status);
  const length = props.span.from === undefined ? '' : duration((props.span.to ?? props.now) - props.span.from);
  return (
    <Fragment>
      <span className={`name ${props.below ? 'below' : ''}`}>{props.label}</span>
      <span
        className={`track tone-${state.tone}`}
        role="img"
        aria-label={`${state.label} ${length}`}
        title={`${state.label} ${length}`}
      >
        {place && <span className="bar" style={{ left: `${place.left}%`, width: `${place.width}%` }} />}
      </span>
    </Fragment>
  );
}

function useItemSpans(timeline: PlanTimeline | undefined): Map<string, Span & { status?: string }> {
  const ids = (timeline?.steps ?? [])
    .flatMap((step) => step.items.map((item) => item.executionId))
    .filter(Boolean) as string[];
  const found = useQueries({ queries: ids.slice(0, 100).map((id) => run(id)) });
  return new Map(
    found.flatMap((one) =>
      one.data
        ? [
            [
              one.data.executionId,
              {
                from: one.data.status === 'dispatching' ? undefined : instant(one.data.startTimestamp),
                to: instant(one.data.finishTimestamp),
                status: one.data.status,
              },
            ] as [string, Span & { status?: string }],
          ]
        : [],
    ),
  );
}

export function PlanRunPage() {
  const { id } = useParams({ from: '/plan-runs/$id' });
  const now = useNow();
  const queries = useQueryClient();
  const found = useQuery(planTimeline(id));
  const spans = useItemSpans(found.data);
  const of = useQuery({ ...plan(found.data?.planId ?? ''), enabled: found.data !== undefined });
  const holds = useRight((of.data as PlanItem | undefined)?.workspace?.id, 'EXECUTE');
  const may = useMay('TMC_OPERATOR') && holds;
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <Waiting />;
  const it = found.data;
  const done = stateOf(it.status).done;
  const starts = it.steps.map((step) => instant(step.startTimestamp)).filter((at) => at !== undefined);
  const ends = it.steps.map((step) => instant(step.finishTimestamp)).filter((at) => at !== undefined);
  const whole = { from: Math.min(...starts, now), to: done && ends.length > 0 ? Math.max(...ends) : now };
  const stop = async () => {
    await body(own.DELETE('/stoker/v1/executions/plans/{id}', { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ['runs'] });
  };
  return (
    <div className="page">
      <Head title={t.planRun.title(it.planName)} badge={<StateBadge status={it.status} />}>
        {may && !done && (
          <ConfirmButton
            label={t.run.stop}
            question={t.planRun.stopAsk(it.planName)}
            hint={t.planRun.stopHint}
            act={stop}
            icon={<IconPlayerStop size={16} aria-hidden />}
          />
        )}
        {may && it.status === 'execution_failed' && <RerunButton it={it} />}
      </Head>
      <Group gap="xs">
        <Link to="/plans/$id" params={{ id: it.planId }}>
          {it.planName}
        </Link>
        <span className="muted">{duration(whole.to - whole.from)}</span>
        {it.rerunOf && (
          <span className="muted">
            {w.planRun.of}{' '}
            <Link to="/plan-runs/$id" params={{ id: it.rerunOf }}>
              {w.planRun.ofThis}
            </Link>
          </span>
        )}
      </Group>
      {it.message && (
        <Notice tone="warn" title={w.planRun.message}>
          {it.message}
        </Notice>
      )}
      <Panel title={t.planRun.waterfall}>
        <div className="bars">
          {it.steps.map((step) => (
            <Fragment key={`${step.id} ${step.kind}`}>
              <Bar
                label={
                  <strong>
                    {step.name}{' '}
                    {step.kind.toUpperCase() !== 'STEP' && <span className="muted">({t.planRun.handler})</span>}
                  </strong>
                }
                span={{ from: instant(step.startTimestamp), to: instant(step.finishTimestamp) }}
                whole={whole}
                status={step.executionStatus}
                now={now}
              />
              {step.items.map((item) => {
                const span = spans.get(item.executionId ?? '');
                const name = <ExecutableName id={item.taskId ?? item.planId ?? ''} plan={!item.taskId} />;
                return (
                  <Bar
                    key={`${item.taskId ?? item.planId} ${item.attempt}`}
                    below
                    label={
                      item.executionId ? (
                        <Link to="/runs/$id" params={{ id: item.executionId }}>
                          {name}
                        </Link>
                      ) : item.planExecutionId ? (
                        <Link to="/plan-runs/$id" params={{ id: item.planExecutionId }}>
                          {name}
                        </Link>
                      ) : (
                        <span className="muted">
                          {name} {item.refused && `${t.planRun.refused} ${item.refused}`}
                        </span>
                      )
                    }
                    span={span ?? {}}
                    whole={whole}
                    status={span?.status ?? item.status}
                    now={now}
                  />
                );
              })}
            </Fragment>
          ))}
        </div>
      </Panel>
    </div>
  );
}
