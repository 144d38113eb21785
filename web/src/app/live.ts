/** Live without reload: the server hints which kind of thing changed, and what is shown of it is fetched again. */

import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { TOPICS, type Topic } from '../api/own';

/** How news come: by the stream, by asking from time to time, or not at all because the tab is hidden. */
export type LiveState = 'live' | 'polling' | 'paused';

const POLL_MS = 5_000;
const RETRY_MS = 20_000;
/** At most one refetch of a topic within this time, however many hints come. */
const GATHER_MS = 700;

/** How long after the sign-in it begins to listen. */
const START_MS = 300;

/** A page that has just been opened has read everything; what changed until the stream stood is looked for later. */
const FIRST_MS = 3_000;

/** Listens as long as it is started and the tab can be seen: a browser has few connections to spare. */
export class Live {
  private state: LiveState = 'polling';
  private readonly listeners = new Set<() => void>();
  private source: EventSource | undefined;
  private timers: ReturnType<typeof setTimeout>[] = [];
  private readonly waiting = new Set<Topic>();
  private gather: ReturnType<typeof setTimeout> | undefined;
  private first = true;

  constructor(private readonly client: QueryClient) {}

  /** Begins; the answer ends it. */
  start(): () => void {
    const look = () => (document.hidden ? this.pause() : this.connect());
    document.addEventListener('visibilitychange', look);
    // What the page shows first goes before.
    const later = setTimeout(look, START_MS);
    return () => {
      clearTimeout(later);
      document.removeEventListener('visibilitychange', look);
      this.pause();
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  current = (): LiveState => this.state;

  private set(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  private clear(): void {
    this.source?.close();
    this.source = undefined;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  private pause(): void {
    this.clear();
    this.set('paused');
  }

  private connect(): void {
    this.clear();
    const source = new EventSource('/stoker/v1/events');
    this.source = source;
    source.addEventListener('ready', () => {
      this.set('live');
      if (this.first) this.timers.push(setTimeout(() => this.changed(TOPICS), FIRST_MS));
      else this.changed(TOPICS);
      this.first = false;
    });
    source.addEventListener('beat', () => this.changed(TOPICS));
    source.addEventListener('changed', (event) => this.changed(topicsOf(event.data)));
    source.addEventListener('error', () => {
      // The browser comes again by itself after a broken stream, but not after a refusal.
      this.poll(source.readyState === EventSource.CLOSED);
    });
  }

  private poll(refused: boolean): void {
    this.set('polling');
    if (refused) this.changed(TOPICS);
    for (const timer of this.timers) clearTimeout(timer);
    const again = () => {
      if (this.state !== 'polling') return;
      this.changed(TOPICS);
      this.timers = [...this.timers.slice(-1), setTimeout(again, POLL_MS)];
    };
    this.timers = [setTimeout(again, POLL_MS)];
    if (refused) this.timers.push(setTimeout(() => this.connect(), RETRY_MS));
  }

  private changed(topics: readonly Topic[]): void {
    for (const topic of topics) this.waiting.add(topic);
    if (this.gather !== undefined) return;
    this.gather = setTimeout(() => {
      this.gather = undefined;
      const keys = [...this.waiting];
      this.waiting.clear();
      for (const key of keys) {
        void this.client.invalidateQueries({ predicate: (query) => isAbout(query, key) }, { cancelRefetch: false });
      }
      // Rights may have changed with the objects.
      if (keys.includes('objects')) void this.client.invalidateQueries({ queryKey: ['session'] });
    }, GATHER_MS);
  }
}

/** Whether a query is made old by a topic: the first part of its key, or one that it names beside that. */
export function isAbout(query: { queryKey: readonly unknown[]; meta?: { also?: unknown } }, topic: Topic): boolean {
  const also = query.meta?.also;
  return query.queryKey[0] === topic || (Array.isArray(also) && also.includes(topic));
}

/** The topics in an event; all of them when it cannot be read, for looking once too often does no harm. */
export function topicsOf(data: string): readonly Topic[] {
  try {
    const parsed: unknown = JSON.parse(data);
    const topics = (parsed as { topics?: unknown }).topics;
    return Array.isArray(topics) ? TOPICS.filter((topic) => topics.includes(topic)) : TOPICS;
  } catch {
    return TOPICS;
  }
}

/** The state as it changes. */
export function useLive(live: Live): LiveState {
  return useSyncExternalStore(live.subscribe, live.current);
}
