/** Is anything wrong? What failed, what waits and why, the engines, and what comes next. */

import { Text } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo, type ReactNode, useDeferredValue } from 'react';
import { atWork, ever, lastDay, next, SHOWN, waiting } from '../api/overview';
import { artifactPage, taskPage } from '../api/pages';
import {
  type Engine,
  type EngineWork,
  engines,
  engineWork,
  type Run,
  runTimeline,
  type ScopeQuery,
} from '../api/queries';
import { useMay, useScope } from '../app/context';
import { type EngineState, engineState } from '../lib/engine-state';
import { t } from '../texts/pages';
import { currentWait, waitReason } from '../texts/reasons';
import { type Tone, WENT_WRONG } from '../texts/status';
import { fullTime, instant } from '../texts/time';
import { ExecutableLink, ExecutableName } from '../ui/executable';
import { Badge, Failure, Head, isLost, Moment, Panel, StateBadge, useNow, Waiting } from '../ui/parts';
import { EngineBadge, ofEnvironment } from './engines';
import { LastHours } from './overview-hours';

const COMING = 8;
const ENGINES = 10;

const MOVES_MS = 5_000;

function WaitLine({ run, now }: { run: Run; now: number }) {
  const timeline = useQuery(runTimeline(run.executionId));
  const wait = timeline.data && currentWait(timeline.data.events);
  const reason = wait && waitReason(wait, now);
  return (
    <li>
      <StateBadge status={run.status} />
      <span className="grow">
        <Link to="/runs/$id" params={{ id: run.executionId }}>
          <ExecutableName id={run.taskId} plan={false} />
        </Link>{' '}
        <span className="muted">{reason?.why ?? ''}</span>
      </span>
      <Moment at={run.triggerTimestamp} now={now} />
    </li>
  );
}

function Guide({ scope }: { scope: ScopeQuery }) {
  const found = useQuery(artifactPage(scope, 0));
  const all = useQuery(engines());
  const here = ofEnvironment(all.data, scope.environmentId);
  const made = useQuery(taskPage(scope, 0));
  const ran = useQuery(ever(scope));
  const steps = [
    { key: 'artifact', to: '/artifacts', done: (found.data?.total ?? 0) > 0 },
    { key: 'engine', to: '/engines', done: here.some((one) => one.status === 'PAIRED') },
    { key: 'task', to: '/tasks/new', done: (made.data?.total ?? 0) > 0 },
    { key: 'run', to: '/tasks', done: (ran.data?.total ?? 0) > 0 },
  ] as const;
  return (
    <Panel title={t.overview.guide}>
      <Text className="muted" mb="xs">
        {t.overview.guideHint}
      </Text>
      <ol className="rows">
        {steps.map(({ key, to, done }) => (
          <li key={key}>
            {done ? (
              <IconCircleCheck color="var(--s-good)" aria-label="done" />
            ) : (
              <IconCircleDashed color="var(--s-muted)" aria-label="to do" />
            )}
            <span>
              <Link to={to}>{t.overview.steps[key][0]}</Link>
              <br />
              <span className="muted">{t.overview.steps[key][1]}</span>
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** The address of the runs that went wrong; who may not search the history filters by one state at a time. */
function useWrongRuns() {
  const whole = useMay('TMC_OPERATOR');
  return { status: whole ? WENT_WRONG.join(',') : WENT_WRONG[0], days: '1' };
}

function Counter(props: { value: ReactNode; label: string }) {
  return (
    <>
      <strong>{props.value ?? '–'}</strong>
      <span className="muted">{props.label}</span>
    </>
  );
}

const box = (tone?: Tone) => `panel counter${tone ? ` tone-${tone}` : ''}`;

/** What each panel below is about, as a number that leads to all of it. */
const Counters = memo(function Counters({ scope }: { scope: ScopeQuery }) {
  const running = useQuery(atWork(scope));
  const waits = useQuery(waiting(scope));
  const failed = useQuery(lastDay(scope));
  const list = useQuery(engines());
  const due = useQuery(next(scope));
  const allWrong = useWrongRuns();
  const here = ofEnvironment(list.data, scope.environmentId);
  const work = useQuery(engineWork()).data;
  const states = here.map((one) => engineState(one, work?.[one.id]));
  const available = states.filter((state) => state === 'available').length;
  // One that was never paired is not missing, and one that is drained is away on purpose.
  const looks = states.includes('away') ? 'bad' : states.includes('drained') ? 'warn' : 'good';
  const broken = running.error ?? waits.error ?? failed.error ?? list.error;
  return (
    <>
      {broken && <Failure error={broken} />}
      <nav className="counters" aria-label={t.overview.title}>
        <Link className={box('busy')} to="/runs" search={{ status: 'executing' }}>
          <Counter value={running.data?.total} label={t.overview.running} />
        </Link>
        <Link className={box('wait')} to="/runs" search={{ status: 'dispatching' }}>
          <Counter value={waits.data?.total} label={t.overview.waiting} />
        </Link>
        <Link className={box(failed.data?.failed ? 'bad' : 'good')} to="/runs" search={allWrong}>
          <Counter value={failed.data?.failed} label={t.overview.failed} />
        </Link>
        <Link className={box(looks)} to="/engines">
          <Counter value={list.data && `${available}/${here.length}`} label={t.overview.engines} />
        </Link>
        <Link className={box()} to="/runs" search={{ view: 'coming' }}>
          <Counter value={due.data?.total} label={t.overview.due} />
        </Link>
      </nav>
    </>
  );
});

/** Tasks of which runs failed: those that still fail first. */
const Wrong = memo(function Wrong({ scope }: { scope: ScopeQuery }) {
  const now = useNow(MOVES_MS);
  const found = useQuery(lastDay(scope));
  const allWrong = useWrongRuns();
  if (!found.data) return found.error ? <Text className="muted">{t.failed}</Text> : <Waiting />;
  if (found.data.failed === 0) return <Text className="muted">{t.overview.nothingWrong}</Text>;
  const more = found.data.failingTasks - SHOWN;
  return (
    <ul className="rows">
      {found.data.failing.slice(0, SHOWN).map((task) => (
        <li key={task.taskId}>
          {task.worksAgain ? <Badge tone="good">{t.overview.worksAgain}</Badge> : <StateBadge status={task.status} />}
          <span className="grow line">
            <Link to="/runs/$id" params={{ id: task.executionId }}>
              {task.taskName}
            </Link>{' '}
            <span className="muted">
              {[task.runs > 1 && t.overview.times(task.runs), task.errorMessage].filter(Boolean).join(' · ')}
            </span>
          </span>
          <Moment at={task.finishTimestamp} now={now} />
        </li>
      ))}
      {more > 0 && (
        <li>
          <Link to="/runs" search={allWrong}>
            {t.overview.moreTasks(more)}
          </Link>
        </li>
      )}
    </ul>
  );
});

const Waits = memo(function Waits({ scope }: { scope: ScopeQuery }) {
  const now = useNow(MOVES_MS);
  const runs = useQuery(waiting(scope));
  if (!runs.data) return runs.error ? <Text className="muted">{t.failed}</Text> : <Waiting />;
  if (runs.data.total === 0) return <Text className="muted">{t.overview.nothingWaits}</Text>;
  return (
    <ul className="rows">
      {runs.data.items.map((run) => (
        <WaitLine key={run.executionId} run={run} now={now} />
      ))}
      {runs.data.total > SHOWN && (
        <li>
          <Link to="/runs" search={{ status: 'dispatching' }}>
            {t.overview.more(runs.data.total - SHOWN)}
          </Link>
        </li>
      )}
    </ul>
  );
});

const FIRST: Record<EngineState, number> = { away: 0, drained: 1, available: 2, unpaired: 3 };

/** Those that are missing stand first. */
function byState(work: Record<string, EngineWork> | undefined) {
  const place = (one: Engine) => FIRST[engineState(one, work?.[one.id])];
  return (one: Engine, other: Engine) => place(one) - place(other);
}

/** How many of its places are taken; nothing while it has none to give. */
function Load({ work }: { work: EngineWork | undefined }) {
  if (!work?.slots || work.status !== 'PAIRED') return null;
  const share = Math.min(100, (work.runs / work.slots) * 100);
  return (
    <span className="load muted">
      <span className={`track tone-${share < 100 ? 'busy' : 'warn'}`} aria-hidden>
        <span className="bar" style={{ width: `${share}%` }} />
      </span>
      {t.overview.load(work.runs, work.slots)}
    </span>
  );
}

const Health = memo(function Health({ scope }: { scope: ScopeQuery }) {
  const list = useQuery(engines());
  const work = useQuery(engineWork()).data;
  if (!list.data) return list.error ? <Text className="muted">{t.failed}</Text> : <Waiting />;
  const here = ofEnvironment(list.data, scope.environmentId).sort(byState(work));
  if (here.length === 0) {
    return (
      <Text className="muted">
        {t.overview.noEngines} <Link to="/engines">{t.engines.new}</Link>
      </Text>
    );
  }
  return (
    <ul className="rows">
      {here.slice(0, ENGINES).map((one) => (
        <li key={one.id}>
          <EngineBadge engine={one} />
          <span className="grow line">
            <Link to="/engines/$id" params={{ id: one.id }}>
              {one.name}
            </Link>
          </span>
          <Load work={work?.[one.id]} />
        </li>
      ))}
      {here.length > ENGINES && (
        <li>
          <Link to="/engines">{t.overview.more(here.length - ENGINES)}</Link>
        </li>
      )}
    </ul>
  );
});

const Next = memo(function Next({ scope }: { scope: ScopeQuery }) {
  const now = useNow(MOVES_MS);
  const due = useQuery(next(scope));
  if (isLost(due)) return <Failure error={due.error} />;
  if (!due.data) return <Waiting />;
  if (due.data.items.length === 0) return <Text className="muted">{t.overview.nothingNext}</Text>;
  return (
    <ul className="rows">
      {due.data.items.slice(0, COMING).map((event) => {
        const id = event.id ?? '';
        const at = instant(event.date);
        return (
          <li key={`${id} ${event.date} ${event.sourceTriggerName}`}>
            <span className="grow line">
              <ExecutableLink id={id} plan={event.type === 'PLAN'} />
            </span>
            <span className="muted wide">{at === undefined ? '' : fullTime(at)}</span>
            <Moment at={event.date} now={now} />
          </li>
        );
      })}
      {due.data.total > COMING && (
        <li>
          <Link to="/runs" search={{ view: 'coming' }}>
            {t.overview.more(due.data.total - COMING)}
          </Link>
        </li>
      )}
    </ul>
  );
});

export function Overview() {
  const { query: scope } = useScope();
  const guided = useMay('TMC_OPERATOR', 'TMC_CLUSTER_MANAGEMENT');
  // Nothing of either kind may be a quiet day, or an empty server.
  const quiet = [useQuery(atWork(scope)).data, useQuery(waiting(scope)).data].every((one) => one?.total === 0);
  const any = useQuery({ ...ever(scope), enabled: quiet });
  const guide = quiet && any.data?.total === 0 && guided;
  // The numbers come first; the browser may do other things before the rest is drawn.
  const whole = useDeferredValue(true, false);
  return (
    <div className="page">
      <Head title={t.overview.title} />
      <Counters scope={scope} />
      {guide ? <Guide scope={scope} /> : <LastHours scope={scope} />}
      <div className="columns halves">
        <Panel title={t.overview.wrong}>{whole ? <Wrong scope={scope} /> : <Waiting />}</Panel>
        <Panel title={t.overview.waits}>{whole ? <Waits scope={scope} /> : <Waiting />}</Panel>
        <Panel title={t.overview.health}>{whole ? <Health scope={scope} /> : <Waiting />}</Panel>
        <Panel title={t.overview.next}>{whole ? <Next scope={scope} /> : <Waiting />}</Panel>
      </div>
    </div>
  );
}
