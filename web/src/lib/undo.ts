/** What was just done and can be taken back. One thing at a time: the next one takes the place of the last. */

import { useSyncExternalStore } from 'react';

/** Something that was done, with its opposite. */
export interface Done {
  /** Tells one from the next, also when both say the same. */
  number: number;
  text: string;
  /** Takes it back; after that, or when it was refused, nothing can be taken back. */
  back?: () => Promise<unknown>;
  /** Why it was not done, or not taken back. */
  error?: unknown;
}

let current: Done | undefined;
let count = 0;
const listeners = new Set<() => void>();

function set(next: Done | undefined): void {
  current = next;
  for (const listener of listeners) listener();
}

function say(text: string, back?: Done['back'], error?: unknown): void {
  count += 1;
  set({ number: count, text, back, error });
}

/** Does something and says so, with the offer to take it back; a refusal is said in the same place. */
export async function undoable(text: string, act: () => Promise<unknown>, back: () => Promise<unknown>): Promise<void> {
  try {
    await act();
    say(text, back);
  } catch (error) {
    say('', undefined, error);
  }
}

/** Says in the same place that something was refused which is done without a form. */
export function undoFailure(error: unknown): void {
  say('', undefined, error);
}

/** Takes back what was done last, as long as it is offered; `undone` is what is said then. */
export async function takeBack(undone: string): Promise<void> {
  const { back, number } = current ?? {};
  if (!back) return;
  // Asked for twice, it is still taken back once.
  set(current && { ...current, back: undefined });
  try {
    await back();
    if (current?.number === number) say(undone);
  } catch (error) {
    say('', undefined, error);
  }
}

/** Says nothing any more; with a number only as long as that is what is said. */
export function forget(number?: number): void {
  if (number === undefined || current?.number === number) set(undefined);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What is said now. */
export function heard(): Done | undefined {
  return current;
}

/** The same for a part of the page, which is drawn again when it changes. */
export function useDone(): Done | undefined {
  return useSyncExternalStore(subscribe, heard);
}
