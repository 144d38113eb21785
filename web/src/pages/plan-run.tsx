/** One run of a plan as a waterfall: when each step and each of its tasks ran, and why one did not. */

import { IconPlayerStop } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { body, own } from '../api/client';
import { type PlanItem, type PlanTimeline, planTimeline } from '../api/queries';
import { plan } from '../api/work';
import { useMay, useRight } from '../app/context';
import { t } from '../texts/pages';
import { stateOf } from '../texts/status';
import { duration, instant, shortTime } from '../texts/time';
import { w } from '../texts/work';
import { ExecutableName } from '../ui/executable';
import {
  ConfirmButton,
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
import { RerunButton } from './plan-rerun';

type Step = PlanTimeline['steps'][number];
type Item = Step['items'][number];

const isHandler = (step: Step) => step.kind.toUpperCase() !== 'STEP';

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

type Part = { startTimestamp?: string; finishTimestamp?: string };

const spanOf = (part: Part): Span => ({ from: instant(part.startTimestamp), to: instant(part.finishTimestamp) });

interface Scale {
  whole: Required<Span>;
  now: number;
}

function Line(props: Scale & { label: ReactNode; span: Span; status?: string; below?: boolean; words?: ReactNode }) {
  const place = placed(props.span, props.whole, props.now);
  const { from, to } = props.span;
  return (
    <li className={props.below ? 'below' : undefined}>
      <span className="name">{props.label}</span>
      <StateBadge status={props.status} />
      <span className={`track tone-${stateOf(props.status).tone}`} aria-hidden>
        {place && <span className="bar" style={{ left: `${place.left}%`, width: `${place.width}%` }} />}
      </span>
      <span className="took muted">{from === undefined ? '' : duration((to ?? props.now) - from)}</span>
      {props.words && <span className="words muted">{props.words}</span>}
    </li>
  );
}

function ItemName({ item }: { item: Item }) {
  const name = (
    <>
      <ExecutableName id={item.taskId ?? item.planId ?? ''} plan={!item.taskId} />
      {item.attempt > 1 && ` ${t.planRun.attempt(item.attempt)}`}
    </>
  );
  if (item.executionId) {
    return (
      <Link to="/runs/$id" params={{ id: item.executionId }}>
        {name}
      </Link>
    );
  }
  if (!item.planExecutionId) return <span className="muted">{name}</span>;
  return (
    <Link to="/plan-runs/$id" params={{ id: item.planExecutionId }}>
      {name}
    </Link>
  );
}

/** Why a step was not reached: the one that ended the plan run, and what it wanted. */
function stopped(it: PlanTimeline): Step | undefined {
  if (!stateOf(it.status).done) return undefined;
  return it.steps.findLast((step) => !isHandler(step) && stateOf(step.executionStatus).tone === 'bad');
}

function Waterfall({ it, whole, now }: Scale & { it: PlanTimeline }) {
  const last = stopped(it);
  return (
    <>
      <ol className="waterfall">
        {it.steps.map((step) => {
          const unreached = last && step !== last && !isHandler(step) && step.startTimestamp === undefined;
          return (
            <Fragment key={step.executionId}>
              <Line
                label={
                  <strong>
                    {step.name} {isHandler(step) && <span className="muted">({t.planRun.handler})</span>}
                  </strong>
                }
                span={spanOf(step)}
                status={step.executionStatus}
                words={
                  unreached && step.executionStatus !== 'SKIPPED'
                    ? t.planRun.unreached(last.name, w.plan.conditions[last.condition])
                    : step.note
                }
                whole={whole}
                now={now}
              />
              {step.items.map((item) => (
                <Line
                  key={`${item.taskId ?? item.planId} ${item.attempt} ${item.executionId}`}
                  below
                  label={<ItemName item={item} />}
                  span={spanOf(item)}
                  status={item.status ?? (item.refused ? 'deploy_failed' : undefined)}
                  words={item.refused ?? item.message}
                  whole={whole}
                  now={now}
                />
              ))}
            </Fragment>
          );
        })}
      </ol>
      <p className="waterfall-ends muted">
        <span>{shortTime(whole.from, now)}</span>
        <span>{shortTime(whole.to, now)}</span>
      </p>
    </>
  );
}

export function PlanRunPage() {
  const { id } = useParams({ from: '/plan-runs/$id' });
  const now = useNow();
  const queries = useQueryClient();
  const found = useQuery(planTimeline(id));
  const of = useQuery({ ...plan(found.data?.planId ?? ''), enabled: found.data !== undefined });
  const holds = useRight((of.data as PlanItem | undefined)?.workspace?.id, 'EXECUTE');
  const may = useMay('TMC_OPERATOR') && holds;
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!found.data) return <Waiting />;
  const it = found.data;
  const done = stateOf(it.status).done;
  const whole = { from: instant(it.startTimestamp) ?? now, to: instant(it.finishTimestamp) ?? now };
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
      {it.message && (
        <Notice tone="warn" title={w.planRun.message}>
          {it.message}
        </Notice>
      )}
      <Panel title={t.planRun.waterfall}>
        <Waterfall it={it} whole={whole} now={now} />
      </Panel>
      <Panel title={t.run.facts}>
        <Facts
          rows={[
            [
              t.planRun.plan,
              <Link key="plan" to="/plans/$id" params={{ id: it.planId }}>
                {it.planName}
              </Link>,
            ],
            [t.run.by, `${it.userId} (${it.executionType.toLowerCase()})`],
            ...(it.parentExecutionId
              ? [
                  [
                    t.planRun.within,
                    <Link key="parent" to="/plan-runs/$id" params={{ id: it.parentExecutionId }}>
                      {t.planRun.parent}
                    </Link>,
                  ] as [string, ReactNode],
                ]
              : []),
            ...(it.rerunOf
              ? [
                  [
                    w.planRun.of,
                    <Link key="repeats" to="/plan-runs/$id" params={{ id: it.rerunOf }}>
                      {w.planRun.ofThis}
                    </Link>,
                  ] as [string, ReactNode],
                ]
              : []),
            ...(it.dueAt
              ? [[t.planRun.due, <Moment key="due" at={it.dueAt} now={now} exact />] as [string, ReactNode]]
              : []),
            [t.run.started, <Moment key="started" at={it.startTimestamp} now={now} exact />],
            [t.run.ended, <Moment key="ended" at={it.finishTimestamp} now={now} exact />],
            [t.run.took, duration(whole.to - whole.from)],
            ...(it.stopAskedBy ? [[t.planRun.stopped, it.stopAskedBy] as [string, ReactNode]] : []),
            [t.id, <Id key="id" id={id} what={t.id} />],
          ]}
        />
      </Panel>
    </div>
  );
}
