/** Is anything wrong? What failed, what waits and why, the engines, and what comes next. */

import { Anchor, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { artifactPage, taskPage } from '../api/pages';
import { engines, type Run, runPage, runTimeline, type ScopeQuery, upcoming } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { t } from '../texts/pages';
import { currentWait, waitReason } from '../texts/reasons';
import { fullTime, instant } from '../texts/time';
import { ExecutableLink, ExecutableName } from '../ui/executable';
import { Failure, Head, Moment, StateBadge, useNow, Waiting } from '../ui/parts';
import { EngineBadge, ofEnvironment } from './engines';

const SHOWN = 6;
const COMING = 8;
const FAILURES = ['execution_failed', 'deploy_failed', 'terminated_timeout'] as const;

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel">
      <Title order={2} size="h2">
        {title}
      </Title>
      {children}
    </section>
  );
}

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
  const ran = useQuery(runPage(scope, 0, 1));
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

export function Overview() {
  const now = useNow(5_000);
  const { query: scope, environment } = useScope();
  const guided = useMay('TMC_OPERATOR', 'TMC_CLUSTER_MANAGEMENT');
  const running = useQuery(runPage({ ...scope, status: 'executing' }, 0, 1));
  const waiting = useQuery(runPage({ ...scope, status: 'dispatching' }, 0, SHOWN));
  const failed = useQueries({
    queries: FAILURES.map((status) => runPage({ ...scope, status, lastDays: 1 }, 0, SHOWN)),
    combine: (all) => ({
      items: all
        .flatMap((one) => one.data?.items ?? [])
        .sort((a, b) => b.triggerTimestamp.localeCompare(a.triggerTimestamp)),
      total: all.reduce((sum, one) => sum + (one.data?.total ?? 0), 0),
      ready: all.every((one) => one.data),
    }),
  });
  const ever = useQuery(runPage(scope, 0, 1));
  const list = useQuery(engines());
  const due = useQuery(upcoming(scope, 24));
  const here = ofEnvironment(list.data, environment?.id);
  const available = here.filter((one) => one.availability === 'AVAILABLE').length;
  // One that was never paired is not missing; one that was and does not answer is.
  const away = here.some((one) => one.status === 'PAIRED' && one.availability !== 'AVAILABLE');
  const broken = running.error ?? waiting.error ?? list.error;

  return (
    <div className="page">
      <Head title={t.overview.title} />
      {broken && <Failure error={broken} />}
      <nav className="counters" aria-label={t.overview.title}>
        <Link className="panel counter tone-busy" to="/runs" search={{ status: 'executing' }}>
          <strong>{running.data?.total ?? '–'}</strong>
          <span className="muted">{t.overview.running}</span>
        </Link>
        <Link className="panel counter tone-wait" to="/runs" search={{ status: 'dispatching' }}>
          <strong>{waiting.data?.total ?? '–'}</strong>
          <span className="muted">{t.overview.waiting}</span>
        </Link>
        <Link
          className={`panel counter ${failed.total > 0 ? 'tone-bad' : 'tone-good'}`}
          to="/runs"
          search={{ status: 'execution_failed', days: '1' }}
        >
          <strong>{failed.ready ? failed.total : '–'}</strong>
          <span className="muted">{t.overview.failed}</span>
        </Link>
        <Link className={`panel counter ${away ? 'tone-bad' : 'tone-good'}`} to="/engines">
          <strong>{list.data ? `${available}/${here.length}` : '–'}</strong>
          <span className="muted">{t.overview.engines}</span>
        </Link>
        <Link className="panel counter" to="/schedules">
          <strong>{due.data?.total ?? '–'}</strong>
          <span className="muted">{t.overview.due}</span>
        </Link>
      </nav>
      {ever.data?.total === 0 && guided && <Guide scope={scope} />}
      <div className="columns halves">
        <Panel title={t.overview.wrong}>
          {!failed.ready ? (
            <Waiting />
          ) : failed.total === 0 ? (
            <Text className="muted">{t.overview.nothingWrong}</Text>
          ) : (
            <ul className="rows">
              {failed.items.slice(0, SHOWN).map((run) => (
                <li key={run.executionId}>
                  <StateBadge status={run.status} />
                  <span className="grow line">
                    <Link to="/runs/$id" params={{ id: run.executionId }}>
                      <ExecutableName id={run.taskId} plan={false} />
                    </Link>{' '}
                    <span className="muted">{run.errorMessage}</span>
                  </span>
                  <Moment at={run.finishTimestamp ?? run.triggerTimestamp} now={now} />
                </li>
              ))}
              {failed.total > SHOWN && (
                <li>
                  <Anchor component={Link} to="/runs">
                    {t.overview.more(failed.total - SHOWN)}
                  </Anchor>
                </li>
              )}
            </ul>
          )}
        </Panel>
        <Panel title={t.overview.waits}>
          {!waiting.data ? (
            <Waiting />
          ) : waiting.data.total === 0 ? (
            <Text className="muted">{t.overview.nothingWaits}</Text>
          ) : (
            <ul className="rows">
              {waiting.data.items.map((run) => (
                <WaitLine key={run.executionId} run={run} now={now} />
              ))}
              {waiting.data.total > SHOWN && (
                <li>
                  <Link to="/runs" search={{ status: 'dispatching' }}>
                    {t.overview.more(waiting.data.total - SHOWN)}
                  </Link>
                </li>
              )}
            </ul>
          )}
        </Panel>
        <Panel title={t.overview.health}>
          {here.length === 0 ? (
            <Text className="muted">
              {t.overview.noEngines} <Link to="/engines">{t.engines.new}</Link>
            </Text>
          ) : (
            <ul className="rows">
              {here.slice(0, 10).map((one) => (
                <li key={one.id}>
                  <EngineBadge engine={one} />
                  <span className="grow line">
                    <Link to="/engines/$id" params={{ id: one.id }}>
                      {one.name}
                    </Link>
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <Panel title={t.overview.next}>
          {!due.data ? (
            <Waiting />
          ) : due.data.items.length === 0 ? (
            <Text className="muted">{t.overview.nothingNext}</Text>
          ) : (
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
              {due.data.total > COMING && <li className="muted">{t.overview.more(due.data.total - COMING)}</li>}
            </ul>
          )}
        </Panel>
      </div>
    </div>
  );
}
