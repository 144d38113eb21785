/** Events and wait reasons of a run in plain words. */

import { ago, instant } from './time';

/** An event as the timeline tells it. */
export interface RunEvent {
  at: string;
  kind: string;
  reason?: string;
  detail?: unknown;
}

type Detail = Record<string, unknown>;

function detailOf(event: RunEvent): Detail {
  return event.detail && typeof event.detail === 'object' ? (event.detail as Detail) : {};
}

function text(detail: Detail, field: string): string | undefined {
  const value = detail[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Why a run waits, and what would help. */
export function waitReason(event: RunEvent, now: number): { why: string; cure?: string; engineId?: string } {
  const detail = detailOf(event);
  const engine = text(detail, 'engineName') ?? 'the engine';
  const engineId = text(detail, 'engineId');
  switch (event.reason) {
    case 'no_slot':
      return {
        why: `${engine} is full: ${text(detail, 'used') ?? 'all'} of ${text(detail, 'slots') ?? '?'} places are taken`,
        cure: 'It starts when a run there ends. A cluster with more engines would share the work.',
        engineId,
      };
    case 'engine_away': {
      const seen = instant(text(detail, 'lastSeen'));
      if (seen === undefined) {
        return {
          why: `${engine} has never connected`,
          cure: 'Pair it and start it; the run begins by itself.',
          engineId,
        };
      }
      return {
        why: `${engine} does not answer, last heard ${ago(seen, now)}`,
        cure: 'Start the engine on its machine. The run begins as soon as the engine is back.',
        engineId,
      };
    }
    case 'drained': {
      const since = instant(text(detail, 'since'));
      const by = text(detail, 'by');
      const why = text(detail, 'why');
      return {
        why: `${engine} was drained${since === undefined ? '' : ` ${ago(since, now)}`}${by ? ` by ${by}` : ''}${why ? `: ${why}` : ''}`,
        cure: 'It starts when somebody puts the engine back to work.',
        engineId,
      };
    }
    case 'no_engine':
      return { why: 'the cluster has no engine', cure: 'Add an engine to the cluster, or let the task run elsewhere.' };
    case 'limit':
      return {
        why: `the account has reached its limit of ${text(detail, 'limit') ?? '?'} active runs`,
        cure: `It starts when another run ends. The limit is the server's setting ${text(detail, 'setting') ?? 'activeRuns'}.`,
      };
    case 'hand_over':
      return { why: 'it is being handed to an engine', engineId };
    default:
      return { why: (event.reason ?? 'for no reason that was told').replaceAll('_', ' '), engineId };
  }
}

/** One event as a sentence. */
export function eventWords(event: RunEvent, now: number): string {
  const detail = detailOf(event);
  switch (event.kind) {
    case 'accepted':
      return `Asked for by ${text(detail, 'by') ?? 'somebody'}${detail.type ? ` (${String(detail.type).toLowerCase()})` : ''}`;
    case 'waiting':
      return `Waits: ${waitReason(event, now).why}`;
    case 'offered':
      return `Offered to an engine${detail.epoch ? `, attempt ${text(detail, 'epoch')}` : ''}`;
    case 'started':
      return 'The job started';
    case 'withdrawn':
      return 'The offer was taken back';
    case 'stop_asked':
      return `${text(detail, 'by') ?? 'Somebody'} asked it to stop`;
    case 'unknown':
      return 'The engine fell silent; the job may be running on';
    case 'log_deleted':
      return logDeleted(event);
    case 'known_again':
      return 'The engine is back';
    case 'finished':
      return text(detail, 'message') ?? finishedWords(detail);
    default:
      return event.kind.replaceAll('_', ' ');
  }
}

/** Who the server is in what it tells of its own doings. */
const SERVER = 'system';

/** Who deleted the log of a run. */
export function logDeleted(event: RunEvent): string {
  const by = text(detailOf(event), 'by');
  if (by === SERVER) return 'The log was deleted: it was older than logs are kept';
  return by ? `${by} deleted the log` : 'The log was deleted';
}

/** The deletion of the log that was the last one, when there was one. */
export function deletionOf(events: RunEvent[]): RunEvent | undefined {
  return events.findLast((event) => event.kind === 'log_deleted');
}

function finishedWords(detail: Detail): string {
  const code = text(detail, 'exitCode');
  const signal = text(detail, 'signal');
  if (signal) return `The job was ended by signal ${signal}`;
  return code === undefined ? 'It ended' : `The job ended with exit code ${code}`;
}

/** The newest reason of a run that still waits. */
export function currentWait(events: RunEvent[]): RunEvent | undefined {
  const last = events.findLast((event) => ['waiting', 'offered', 'started', 'finished'].includes(event.kind));
  return last?.kind === 'waiting' ? last : undefined;
}
