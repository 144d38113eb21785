/** What came back: outcome, body, headers, timing, assertions. */

import { Button, Checkbox, SegmentedControl, Stack, Text } from '@mantine/core';
import { Fragment, useMemo, useState } from 'react';
import type { Exchange, Outcome, Pair, RequestReport, Run, RunLine } from '../../api/tester';
import { size } from '../../texts/infra';
import type { Tone } from '../../texts/status';
import { x } from '../../texts/tester';
import { Badge, CopyButton, Empty, Facts, Notice, Waiting } from '../../ui/parts';
import { BodyBytes, BodyText, bytesOf } from './body-view';
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

/** The media type that headers say. */
export const typeOf = (headers: Pair[]) =>
  headers.find((one) => one.name.toLowerCase() === 'content-type')?.value ?? '';

/** The tone of a status code. */
const statusTone = (status: number): Tone =>
  status < 200 || status >= 500
    ? status < 200
      ? 'busy'
      : 'bad'
    : status < 300
      ? 'good'
      : status < 400
        ? 'busy'
        : 'warn';

function Headers({ list }: { list: Pair[] }) {
  return (
    <div className="code tester-headers">
      <dl>
        {list.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: headers may repeat and never move.
          <div key={at}>
            <dt className="mono">{one.name}</dt>
            <dd className="mono">{one.value}</dd>
          </div>
        ))}
      </dl>
      <CopyButton text={list.map((one) => `${one.name}: ${one.value}`).join('\n')} what={x.tabs.headers} />
    </div>
  );
}

/** Why something does not hold; of a long text the beginning, until somebody wants to see it all. */
function Why({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const cut = text.length > LONG && !all;
  return (
    <div className="tester-why">
      {cut ? `${text.slice(0, LONG)}…` : text}{' '}
      {cut && (
        <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
          {x.showAll}
        </Button>
      )}
    </div>
  );
}

function Checks({ report }: { report: RequestReport }) {
  if (report.checks.length === 0) return <Text className="muted">{x.noChecks}</Text>;
  return (
    <ul className="tester-checks">
      {report.checks.map((check, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the order of assertions is their identity.
        <li key={at}>
          <OutcomeBadge outcome={check.outcome} />
          <div>
            <div>
              {x.subjects[check.subject] ?? check.subject} <span className="mono">{check.path}</span>{' '}
              {x.comparisons[check.comparison] ?? check.comparison}
              {check.expected !== null && (
                <>
                  {' '}
                  <span className="mono">{check.expected}</span>
                </>
              )}
            </div>
            {check.message && <Why text={check.message} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Timing({ report, exchange }: { report: RequestReport; exchange: Exchange }) {
  const { latencyMs, durationMs } = exchange;
  const part = durationMs > 0 ? Math.round((latencyMs / durationMs) * 100) : 0;
  return (
    <Stack gap="sm">
      <div className="tester-time" aria-hidden>
        <span style={{ width: `${part}%` }} />
      </div>
      <Facts
        rows={[
          [x.untilHeaders, x.took(latencyMs)],
          [x.untilEnd, x.took(Math.max(durationMs - latencyMs, 0))],
          [x.inAll, x.took(durationMs)],
          ...(report.attempts > 1 ? [[x.attempts, String(report.attempts)] as [string, string]] : []),
          ...exchange.redirects.map((from): [string, string] => [x.redirected, from]),
        ]}
      />
    </Stack>
  );
}

/** Letters of a reason that are shown at once. */
const LONG = 400;

type Face = keyof typeof x.responseTabs;

/** What there is to be seen of an answer. */
function facesOf(report: RequestReport, exchange: Exchange, talk: boolean, picture: boolean): Face[] {
  const binary = exchange.responseBytes !== undefined;
  const hidden: Partial<Record<Face, boolean>> = {
    messages: !talk,
    pretty: binary || talk,
    raw: binary,
    image: !picture,
    hex: !binary,
    values: report.extracted.length === 0,
  };
  return (Object.keys(x.responseTabs) as Face[]).filter((one) => !hidden[one]);
}

function Sent({ exchange }: { exchange: Exchange }) {
  return (
    <Stack gap="xs">
      <div className="code">
        <pre className="mono">
          {exchange.method} {exchange.uri}
        </pre>
        <CopyButton text={exchange.uri} what={x.url} />
      </div>
      <Headers list={exchange.requestHeaders} />
      {exchange.requestBody && (
        <BodyText text={exchange.requestBody} type={typeOf(exchange.requestHeaders)} what={x.bodyText} />
      )}
    </Stack>
  );
}

function Answered({ report, exchange }: { report: RequestReport; exchange: Exchange }) {
  const [chosen, setFace] = useState<Face>();
  const failed = report.checks.some((check) => check.outcome !== 'Ok');
  const talk = useMemo(() => messagesOf(exchange), [exchange]);
  const type = typeOf(exchange.responseHeaders);
  const base64 = exchange.responseBytes;
  const bytes = useMemo(() => (base64 === undefined ? undefined : bytesOf(base64)), [base64]);
  const picture = bytes !== undefined && /^image\/(png|jpeg|gif|webp|avif|bmp|x-icon)/i.test(type);
  const faces = facesOf(report, exchange, talk !== undefined, picture);
  const first: Face = failed ? 'checks' : talk ? 'messages' : picture ? 'image' : bytes ? 'hex' : 'pretty';
  const face = chosen && faces.includes(chosen) ? chosen : first;
  return (
    <>
      <SegmentedControl
        aria-label={x.responseParts}
        value={face}
        onChange={(value) => setFace(value as Face)}
        data={faces.map((value) => ({ value, label: x.responseTabs[value] }))}
        className="tester-faces"
        size="xs"
      />
      {face === 'messages' && talk && <Messages list={talk} />}
      {face === 'pretty' && <BodyText text={exchange.responseBody} type={type} what={x.response} />}
      {face === 'raw' && <BodyText text={exchange.responseBody} what={x.response} />}
      {face === 'image' &&
        (bytes && bytes.length === exchange.responseLength ? (
          <img
            className="tester-picture"
            src={`data:${type.split(';')[0]};base64,${base64}`}
            alt={x.responseTabs.image}
          />
        ) : (
          <Text>{x.pictureCut}</Text>
        ))}
      {face === 'hex' && bytes && <BodyBytes bytes={bytes} length={exchange.responseLength} type={type} />}
      {face === 'headers' && <Headers list={exchange.responseHeaders} />}
      {face === 'sent' && <Sent exchange={exchange} />}
      {face === 'timing' && <Timing report={report} exchange={exchange} />}
      {face === 'values' && <Headers list={report.extracted} />}
      {face === 'checks' && <Checks report={report} />}
      {exchange.responseBody.endsWith('…') && !bytes && <Text size="sm">{x.shortened}</Text>}
    </>
  );
}

/** One request with its answer. */
export function RequestResult({ report }: { report: RequestReport }) {
  const { exchange } = report;
  return (
    <Stack gap="sm">
      <div className="tester-title">
        <OutcomeBadge outcome={report.outcome} />
        {exchange && (
          <>
            <strong className={`tester-status tone-${statusTone(exchange.status)}`}>
              {exchange.status} {exchange.message}
            </strong>
            <span>{x.took(exchange.durationMs)}</span>
            <span>{size(exchange.responseLength)}</span>
          </>
        )}
      </div>
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
      {exchange && <Answered report={report} exchange={exchange} />}
    </Stack>
  );
}

/** Results that are drawn before somebody wants to see the rest. */
const FIRST = 100;

const isBad = (outcome: Outcome) => outcome === 'Failure' || outcome === 'Error';

/** One of many results; what is in it is drawn when it is opened. */
function Item({ request }: { request: RequestReport }) {
  const [open, setOpen] = useState(isBad(request.outcome));
  const { exchange, element } = request;
  return (
    <details className="tester-result" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <OutcomeBadge outcome={request.outcome} />
        <strong>
          <bdi>{request.name}</bdi>
        </strong>
        {element && (
          <span className="mono">
            {element.number}: {element.value.slice(0, 60)}
          </span>
        )}
        <span className="muted tester-figures">
          {exchange?.status} {x.took(request.durationMs)}
        </span>
      </summary>
      {open && <RequestResult report={request} />}
    </details>
  );
}

/** Everything that a run has shown so far. */
export function Results({ run }: { run: Run }) {
  const { items, leftOut } = run.report;
  const [bad, setBad] = useState(false);
  const [most, setMost] = useState(FIRST);
  const fit = bad ? items.filter((item) => isBad(item.request.outcome)) : items;
  const some = items.some((item) => isBad(item.request.outcome));
  return (
    <section aria-label={x.results} aria-live="polite">
      {run.problem && (
        <Notice tone="bad" title={x.states[run.state] ?? run.state}>
          {run.problem}
        </Notice>
      )}
      {items.length === 0 && run.state !== 'running' && !run.problem && <Empty title={x.noResponse} />}
      {some && items.length > 1 && (
        <Checkbox
          label={x.onlyBad}
          checked={bad}
          onChange={(event) => setBad(event.currentTarget.checked)}
          mb="sm"
          size="xs"
        />
      )}
      {fit.slice(0, most).map((item, at) => (
        <Fragment key={items.indexOf(item)}>
          {item.unit !== fit[at - 1]?.unit && (
            <div className="tester-unit">
              <bdi>{item.unit}</bdi>
            </div>
          )}
          <Item request={item.request} />
        </Fragment>
      ))}
      {run.state === 'running' && <Waiting />}
      {fit.length > most && (
        <Button variant="default" mt="xs" onClick={() => setMost(most + 10 * FIRST)}>
          {x.moreResults(fit.length - most)}
        </Button>
      )}
      {leftOut > 0 && <Text size="sm">{x.leftOut(leftOut)}</Text>}
    </section>
  );
}
