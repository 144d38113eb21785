/** A talk over a WebSocket: its turns as they are edited, and its messages as they came. */

import { Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { Exchange } from '../../api/tester';
import type { Turn, WebSocketTalk } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { comparisons, WITHOUT_VALUE } from './comparisons';
import { Expression, ExpressionText } from './expression';
import { Choice, Whole } from './flow-parts';
import { Add, dropped, Remove, replaced } from './rows';

/** The first turn of a new talk. */
export const FIRST_TURN: Turn = { send: [''], at_most: 1, within_ms: 10_000 };

function Until({ turn, change, of }: { turn: Turn; change: (turn: Turn) => void; of: string }) {
  const { until } = turn;
  const edit = (part: Partial<NonNullable<Turn['until']>>) =>
    until && change({ ...turn, until: { ...until, ...part } });
  return (
    <Choice
      label={`${x.messageIs} (${of})`}
      on={until !== undefined}
      turn={(on) =>
        change({ ...turn, until: on ? { is: 'Equals' } : undefined, at_most: on ? 100 : (turn.at_most ?? 1) })
      }
    >
      {until && (
        <div className="tester-condition">
          <TextInput
            aria-label={`${x.messagePath}: ${of}`}
            placeholder={x.messagePath}
            value={until.path ?? ''}
            onChange={(event) => edit({ path: event.currentTarget.value || undefined })}
          />
          <Select
            aria-label={`${x.comparison}: ${of}`}
            data={comparisons(until.is)}
            value={until.is}
            onChange={(is) => is && edit({ is })}
          />
          {!WITHOUT_VALUE.includes(until.is) && (
            <Expression
              label={`${x.expected}: ${of}`}
              bare
              placeholder={x.expected}
              value={until.to ?? ''}
              onChange={(to) => edit({ to: to || undefined })}
            />
          )}
        </div>
      )}
    </Choice>
  );
}

function TurnPart(props: { turn: Turn; at: number; change: (turn: Turn) => void; remove: () => void }) {
  const { turn, change } = props;
  const named = x.turn(props.at + 1);
  const sent = turn.send ?? [];
  return (
    <fieldset className="tester-turn" aria-label={named}>
      <Group justify="space-between">
        <strong>{named}</strong>
        <Remove what={named} act={props.remove} />
      </Group>
      <Stack gap="xs">
        {sent.map((text, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a message is known by.
          <div key={at} className="tester-message">
            <ExpressionText
              label={`${x.message} ${at + 1} (${named})`}
              value={text}
              rows={2}
              onChange={(next) => change({ ...turn, send: replaced(sent, at, next) })}
            />
            <Remove what={`${x.message} ${at + 1}`} act={() => change({ ...turn, send: dropped(sent, at) })} />
          </div>
        ))}
        <Add label={x.addMessage} act={() => change({ ...turn, send: [...sent, ''] })} />
        <Whole
          label={`${x.messagesMost} (${named})`}
          min={0}
          max={10_000}
          value={turn.at_most ?? (turn.until ? 10_000 : 1)}
          change={(at_most) => change({ ...turn, at_most })}
        />
        <Whole
          label={`${x.eventsWithin} (${named})`}
          min={1}
          max={600_000}
          value={turn.within_ms ?? 10_000}
          change={(within_ms) => change({ ...turn, within_ms })}
        />
        <Until turn={turn} change={change} of={named} />
      </Stack>
    </fieldset>
  );
}

/** The turns of a talk. */
export function TalkEditor({ talk, change }: { talk: WebSocketTalk; change: (talk: WebSocketTalk) => void }) {
  const turns = talk.turns ?? [];
  const set = (next: Turn[]) => change({ ...talk, turns: next });
  return (
    <Stack gap="sm">
      <Text className="muted">{x.webSocketHint}</Text>
      <TextInput
        label={x.protocols}
        value={(talk.protocols ?? []).join(', ')}
        onChange={(event) => {
          const names = event.currentTarget.value.split(/, */);
          change({ ...talk, protocols: names.some((name) => name) ? names : undefined });
        }}
      />
      {turns.map((turn, at) => (
        <TurnPart
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a turn is known by.
          key={at}
          turn={turn}
          at={at}
          change={(next) => set(replaced(turns, at, next))}
          remove={() => set(dropped(turns, at))}
        />
      ))}
      <Add label={x.addTurn} act={() => set([...turns, FIRST_TURN])} />
    </Stack>
  );
}

interface Spoken {
  turn: number;
  sent: boolean;
  type: string;
  text: string;
}

/** Messages of one direction; nothing when the text is no list of them, as of one that was cut short. */
function spoken(text: string, sent: boolean): Spoken[] | undefined {
  try {
    const all = JSON.parse(text) as { turn: number; type: string; data?: string; code?: number; reason?: string }[];
    return all.map(({ turn, type, data, code, reason }) => ({
      turn,
      sent,
      type,
      text: data ?? `${code ?? ''} ${reason ?? ''}`.trim(),
    }));
  } catch {
    return undefined;
  }
}

/** What was said in an exchange, in order; nothing when it was no talk. */
export function messagesOf(exchange: Exchange): Spoken[] | undefined {
  const upgrade = exchange.requestHeaders.find((header) => header.name.toLowerCase() === 'upgrade');
  if (exchange.status !== 101 || upgrade?.value.toLowerCase() !== 'websocket') return undefined;
  const sent = spoken(exchange.requestBody, true);
  const received = spoken(exchange.responseBody, false);
  return sent && received && [...sent, ...received].sort((one, other) => one.turn - other.turn);
}

/** The messages of a talk, with who said them. */
export function Messages({ list }: { list: Spoken[] }) {
  if (list.length === 0) return <Text className="muted">{x.noMessages}</Text>;
  return (
    <ol className="tester-talk" aria-label={x.responseTabs.messages}>
      {list.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages never move.
        <li key={at} className={one.sent ? 'sent' : 'received'}>
          <span className="muted">
            {x.turn(one.turn)} · {one.sent ? x.weSaid : x.theySaid}
            {one.type !== 'text' && ` · ${x.messageTypes[one.type] ?? one.type}`}
          </span>
          <pre className="mono">{one.text}</pre>
        </li>
      ))}
    </ol>
  );
}
