/** What came back to what is chosen: the run that was just started, or the last one, or any that is kept. */

import { Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { cancelRun, history, type RunLine, run as runQuery } from '../../api/tester';
import { lineDiff } from '../../lib/line-diff';
import { prettyLines, written } from '../../lib/pretty';
import { x } from '../../texts/tester';
import { fullTime } from '../../texts/time';
import { useAct } from '../../ui/fields';
import { Empty, Failure, Waiting } from '../../ui/parts';
import { RequestResult, Results, RunBadge, typeOf } from './result';

const NONE = '';

const labelOf = (one: RunLine) =>
  `${fullTime(one.startedAt)} · ${one.outcome ? (x.outcomes[one.outcome] ?? one.outcome) : x.states[one.state]}`;

/** How the answer of a run differs from that of another one. */
function Difference({ id, other }: { id: string; other: string }) {
  const [one, two] = [useQuery(runQuery(id)), useQuery(runQuery(other))];
  const [now, then] = [one.data, two.data].map((read) => read?.report.items[0]?.request.exchange);
  if (two.error) return <Failure error={two.error} />;
  if (!one.data || !two.data) return <Waiting />;
  const linesOf = (exchange: typeof now) =>
    exchange
      ? [
          `${exchange.status} ${exchange.message}`,
          ...prettyLines(typeOf(exchange.responseHeaders), exchange.responseBody).map(written),
        ]
      : [];
  const lines = lineDiff(linesOf(then), linesOf(now));
  if (lines.every((line) => line.sign === ' ')) return <Text className="muted">{x.sameAs}</Text>;
  return (
    <Stack gap="xs">
      <Text className="muted">{x.compareHint}</Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <pre className="mono tester-body tester-diff" tabIndex={0}>
        {lines.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines never move.
          <span key={at} data-sign={line.sign}>
            {line.sign} {line.text}
            {'\n'}
          </span>
        ))}
      </pre>
    </Stack>
  );
}

function Outcome({ id, single, runs }: { id: string; single: boolean; runs: RunLine[] }) {
  const navigate = useNavigate({ from: '/tester/projects/$id' });
  const one = useQuery(runQuery(id));
  const stop = useAct();
  const [other, setOther] = useState(NONE);
  if (!one.data) return one.error ? <Failure error={one.error} /> : <Waiting />;
  const it = one.data;
  // A loop brings several.
  const first = it.report.items.length > 1 ? undefined : it.report.items[0]?.request;
  // What is shown is known better than the list of all.
  const choices = runs.map((line) => ({ value: line.id, label: labelOf(line.id === id ? it : line) }));
  if (!choices.some((choice) => choice.value === id)) choices.unshift({ value: id, label: labelOf(it) });
  const others = choices.filter((choice) => choice.value !== id);
  return (
    <>
      <div className="tester-title">
        <Title order={2} size="h2">
          {x.response}
        </Title>
        {!(single && first) && <RunBadge run={it} />}
        {it.engineName && <span className="muted">{x.engine(it.engineName)}</span>}
        {!single && <span className="muted">{x.progress(it.requests, it.bad)}</span>}
        {it.state === 'running' && (
          <Button variant="default" loading={stop.busy} onClick={() => stop.act(() => cancelRun(id))}>
            {x.cancel}
          </Button>
        )}
        <Group gap="xs" ml="auto" className="tester-runs">
          <Select
            aria-label={x.runsOf}
            data={choices}
            value={id}
            onChange={(run) => run && navigate({ search: (before) => ({ ...before, run }) })}
            size="xs"
            w="18rem"
          />
          {single && others.length > 0 && (
            <Select
              aria-label={x.compare}
              data={[{ value: NONE, label: `${x.compare}…` }, ...others]}
              value={other === id ? NONE : other}
              onChange={(next) => setOther(next ?? NONE)}
              size="xs"
              w="18rem"
            />
          )}
        </Group>
      </div>
      {stop.rest}
      {other !== NONE && other !== id && single ? (
        <Difference id={id} other={other} />
      ) : single && first ? (
        <RequestResult report={first} key={id} />
      ) : (
        <Results run={it} key={id} />
      )}
    </>
  );
}

/** The answer to what is chosen. */
export function Answer(props: {
  project: string;
  target: string | undefined;
  shown: string | undefined;
  single: boolean;
}) {
  const all = useQuery({ ...history(props.project), staleTime: 5_000 });
  const runs = (all.data ?? []).filter((one) => (one.targetId ?? '') === (props.target ?? ''));
  const id = props.shown ?? runs[0]?.id;
  if (!id) return all.isPending ? <Waiting /> : <Empty title={x.noResponse}>{x.noResponseHint}</Empty>;
  return <Outcome key={props.target} id={id} single={props.single} runs={runs} />;
}
