/** What came back: outcome, body, headers, timing, assertions. */

import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Outcome, Pair, RequestReport, Run, RunLine } from '../../api/tester';
import type { Tone } from '../../texts/status';
import { x } from '../../texts/tester';
import { Badge, CopyButton, Empty, Notice } from '../../ui/parts';
import { Messages, messagesOf } from './web-socket';

const TONES: Record<Outcome, Tone> = { Ok: 'good', Failure: 'bad', Error: 'warn', Skipped: 'idle' };

export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  return <Badge tone={TONES[outcome]}>{x.outcomes[outcome]}</Badge>;
}

/** The outcome of a run, or where it is. */
export function RunBadge({ run }: { run: RunLine }) {
  if (run.state === 'finished' && run.outcome) return <OutcomeBadge outcome={run.outcome} />;
  const tone: Tone = run.state === 'running' ? 'busy' : run.state === 'cancelled' ? 'idle' : 'warn';
  return <Badge tone={tone}>{x.states[run.state]}</Badge>;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Headers({ list }: { list: Pair[] }) {
  return (
    <dl className="facts">
      {list.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: headers may repeat and never move.
        <div key={at} style={{ display: 'contents' }}>
          <dt className="mono">{one.name}</dt>
          <dd className="mono" style={{ overflowWrap: 'anywhere' }}>
            {one.value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Body({ text, what }: { text: string; what: string }) {
  if (!text) return <Text className="muted">{x.emptyBody}</Text>;
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it. */}
      <pre className="mono tester-body" tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}

function Checks({ report }: { report: RequestReport }) {
  if (report.checks.length === 0) return <Text className="muted">{x.noChecks}</Text>;
  return (
    <Stack gap="xs">
      {report.checks.map((check, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the order of assertions is their identity.
        <div key={at}>
          <Group gap="sm">
            <OutcomeBadge outcome={check.outcome} />
            <span>
              {x.subjects[check.subject] ?? check.subject} <span className="mono">{check.path}</span> {check.comparison}{' '}
              <span className="mono">{check.expected ?? ''}</span>
            </span>
          </Group>
          {check.message && <Text size="sm">{check.message}</Text>}
        </div>
      ))}
    </Stack>
  );
}

type Face = keyof typeof x.responseTabs;

/** One request with its answer. */
export function RequestResult({ report }: { report: RequestReport }) {
  const failed = report.checks.some((check) => check.outcome !== 'Ok');
  const [chosen, setFace] = useState<Face>();
  const exchange = report.exchange;
  const talk = exchange ? messagesOf(exchange) : undefined;
  const faces = (Object.keys(x.responseTabs) as Face[]).filter((one) => talk || one !== 'messages');
  const wanted = chosen ?? (failed ? 'checks' : talk ? 'messages' : 'pretty');
  const face = faces.includes(wanted) ? wanted : 'pretty';
  return (
    <Stack gap="sm">
      <Group gap="md">
        <OutcomeBadge outcome={report.outcome} />
        {exchange && (
          <>
            <strong>
              {exchange.status} {exchange.message}
            </strong>
            <span>{x.took(exchange.durationMs)}</span>
            <span>{x.bytes(exchange.responseLength)}</span>
          </>
        )}
      </Group>
      {report.problem && (
        <Notice
          tone={report.outcome === 'Skipped' ? 'idle' : 'bad'}
          title={x.outcomes[report.outcome] ?? report.outcome}
        >
          {report.problem}
        </Notice>
      )}
      {report.warnings.map((one) => (
        <Text size="sm" key={one}>
          {one}
        </Text>
      ))}
      {exchange && (
        <>
          <SegmentedControl
            aria-label={x.responseParts}
            value={face}
            onChange={(value) => setFace(value as Face)}
            data={faces.map((value) => ({ value, label: x.responseTabs[value] }))}
            className="tester-faces"
          />
          {face === 'messages' && talk && <Messages list={talk} />}
          {face === 'pretty' && <Body text={pretty(exchange.responseBody)} what={x.response} />}
          {face === 'raw' && <Body text={exchange.responseBody} what={x.response} />}
          {face === 'headers' && <Headers list={exchange.responseHeaders} />}
          {face === 'sent' && (
            <Stack gap="xs">
              <Text className="mono" style={{ overflowWrap: 'anywhere' }}>
                {exchange.method} {exchange.uri}
              </Text>
              <Headers list={exchange.requestHeaders} />
              {exchange.requestBody && <Body text={exchange.requestBody} what={x.bodyText} />}
            </Stack>
          )}
          {face === 'checks' && <Checks report={report} />}
          {exchange.responseBody.endsWith('…') && <Text size="sm">{x.shortened}</Text>}
        </>
      )}
    </Stack>
  );
}

/** Everything that a run has shown so far. */
export function Results({ run }: { run: Run }) {
  const { items, leftOut } = run.report;
  return (
    <section aria-label={x.results} aria-live="polite">
      {run.problem && (
        <Notice tone="bad" title={x.states[run.state] ?? run.state}>
          {run.problem}
        </Notice>
      )}
      {items.length === 0 && run.state !== 'running' && !run.problem && <Empty title={x.noResponse} />}
      {items.map(({ unit, request }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: results are only ever added at the end.
        <details className="tester-result" key={at} open={request.outcome === 'Failure' || request.outcome === 'Error'}>
          <summary>
            <OutcomeBadge outcome={request.outcome} />
            <strong>{request.name}</strong>
            <span className="muted">{unit}</span>
            <span className="muted">{x.took(request.durationMs)}</span>
          </summary>
          <RequestResult report={request} />
        </details>
      ))}
      {leftOut > 0 && <Text size="sm">{x.leftOut(leftOut)}</Text>}
    </section>
  );
}
