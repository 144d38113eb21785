/** One run: its state with every event, why it waits, what it was started with, and its log. */

import { Text } from '@mantine/core';
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { type RunDetail, type RunTimeline, run, runTimeline } from '../api/queries';
import { useMay, useRight } from '../app/context';
import { runAgain, stopRun } from '../lib/run-again';
import { t } from '../texts/pages';
import { currentWait, deletionOf, eventWords, type RunEvent, waitReason } from '../texts/reasons';
import { stateOf } from '../texts/status';
import { fullTime, instant, logTime, runLength } from '../texts/time';
import { ParametersPanel } from '../ui/parameters';
import {
  ConfirmButton,
  CopyButton,
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
import { RunComponents } from './run-components';
import { RunLog } from './run-log';
import { useRuntimeNames } from './runs';

function toneOf(event: RunEvent, status: string): string {
  if (event.kind === 'finished') return `tone-${stateOf(status).tone}`;
  if (event.kind === 'waiting' || event.kind === 'unknown') return 'tone-wait';
  return event.kind === 'started' || event.kind === 'offered' ? 'tone-busy' : 'tone-idle';
}

function Events({ timeline, now }: { timeline: RunTimeline; now: number }) {
  return (
    <ol className="events">
      {timeline.events.map((event, number) => {
        const at = instant(event.at) ?? 0;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: events are only ever added at the end.
          <li key={number} className={toneOf(event, timeline.status)}>
            <time dateTime={event.at} title={fullTime(at)} className="mono muted">
              {logTime(at)}
            </time>
            <span className="dot" aria-hidden />
            <span>{eventWords(event, now)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Actions({
  id,
  name,
  detail,
  timeline,
}: {
  id: string;
  name: string;
  detail: RunDetail;
  timeline: RunTimeline;
}) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const holds = useRight(detail.workspaceId, 'EXECUTE');
  const may = useMay('TMC_OPERATOR', 'TMC_ENGINE_USE') && holds;
  const stop = async () => {
    await stopRun(id);
    await queries.invalidateQueries({ queryKey: ['runs'] });
  };
  const again = async () => {
    const started = await runAgain(detail.jobId, timeline);
    await navigate({ to: '/runs/$id', params: { id: started } });
  };
  return (
    <>
      <CopyButton text={window.location.href} what={t.run.share} />
      {may && !stateOf(timeline.status).done && (
        <ConfirmButton
          label={t.run.stop}
          question={t.run.stopAsk(name)}
          hint={t.run.stopHint}
          act={stop}
          icon={<IconPlayerStop size={16} aria-hidden />}
        />
      )}
      {may && stateOf(timeline.status).done && (
        <ConfirmButton
          label={t.run.again}
          question={t.run.againAsk(name)}
          hint={t.run.againHint}
          act={again}
          shortcut="R"
          icon={<IconRefresh size={16} aria-hidden />}
        />
      )}
    </>
  );
}

export function RunPage() {
  const { id } = useParams({ from: '/runs/$id' });
  const now = useNow();
  const detail = useQuery(run(id));
  const timeline = useQuery(runTimeline(id));
  const places = useRuntimeNames();
  if (isLost(detail) || isLost(timeline)) {
    return (
      <Failure
        error={detail.error ?? timeline.error}
        retry={() => void Promise.all([detail.refetch(), timeline.refetch()])}
      />
    );
  }
  if (!detail.data || !timeline.data) return <Waiting />;
  const [one, line] = [detail.data, timeline.data];
  const wait = currentWait(line.events);
  const reason = wait && waitReason(wait, now);
  const deletion = deletionOf(line.events);
  const place = one.remoteEngineId ?? one.remoteEngineClusterId;
  const shownStart = line.status === 'dispatching' ? undefined : one.startTimestamp;

  return (
    <div className="page">
      <Head title={t.run.title(line.taskName)} badge={<StateBadge status={line.status} />}>
        <Actions id={id} name={line.taskName} detail={one} timeline={line} />
      </Head>
      {reason && (
        <Notice tone="wait" title={t.run.waitsTitle(reason.why)}>
          {reason.cure}{' '}
          {reason.engineId && (
            <Link to="/engines/$id" params={{ id: reason.engineId }}>
              {t.run.toEngine}
            </Link>
          )}
        </Notice>
      )}
      {line.unknownSince && (
        <Notice tone="warn" title={t.run.unknownSince}>
          <Moment at={line.unknownSince} now={now} exact />
        </Notice>
      )}
      <div className="columns">
        <Panel title={t.run.facts}>
          <Facts
            rows={[
              [
                t.run.task,
                <Link key="task" to="/tasks/$id" params={{ id: one.jobId }}>
                  {line.taskName}
                </Link>,
              ],
              [t.run.by, `${one.userId} (${one.executionType.toLowerCase()})`],
              [t.run.asked, <Moment key="asked" at={one.triggerTimestamp} now={now} exact />],
              [t.run.started, <Moment key="started" at={shownStart} now={now} exact />],
              [t.run.ended, <Moment key="ended" at={one.finishTimestamp} now={now} exact />],
              [t.run.took, runLength(shownStart, one.finishTimestamp, now)],
              [
                t.run.engine,
                place ? (
                  one.remoteEngineId ? (
                    <Link key="engine" to="/engines/$id" params={{ id: place }}>
                      {places.get(place) ?? place}
                    </Link>
                  ) : (
                    (places.get(place) ?? place)
                  )
                ) : (
                  '–'
                ),
              ],
              ...(one.planId
                ? [
                    [
                      t.run.plan,
                      <Link key="plan" to="/plan-runs/$id" params={{ id: one.planId }}>
                        {t.run.planRun}
                      </Link>,
                    ] as [string, React.ReactNode],
                  ]
                : []),
              ...(one.timeout ? [[t.run.timeout, t.run.minutes(one.timeout)] as [string, string]] : []),
              ...(line.exitCode === undefined ? [] : [[t.run.exitCode, String(line.exitCode)] as [string, string]]),
              ...(one.errorMessage ? [[t.run.error, one.errorMessage] as [string, string]] : []),
              [t.id, <Id key="id" id={id} what={t.id} />],
            ]}
          />
        </Panel>
        <Panel title={t.run.events}>
          <Events timeline={line} now={now} />
        </Panel>
        <ParametersPanel
          title={t.run.parameters}
          none={t.run.noParameters}
          values={(line.parameters ?? []).map((given) => [given.name, given.value])}
          below={
            <Text size="sm" mt="xs" className="muted">
              {t.run.secretHint}
            </Text>
          }
        />
      </div>
      <RunComponents id={id} />
      {/* A log that is deleted is read anew. */}
      <RunLog
        key={deletion?.at}
        id={id}
        name={line.taskName}
        done={stateOf(line.status).done}
        deletion={deletion}
        now={now}
      />
    </div>
  );
}
