/** A webhook as it is typed, and as the API has it. */

import type { components as Core } from '../api/generated/core';

export type Webhook = Core['schemas']['Webhook'];

/** What is typed; numbers are texts until they are sent. */
export interface HookDraft {
  name: string;
  description: string;
  calls: string;
  seconds: string;
  minutes: string;
  runAs: string;
}

/** The form for a webhook that is stored, or for a new one. */
export function typedHook(stored: Webhook | undefined): HookDraft {
  return {
    name: stored?.name ?? '',
    description: stored?.description ?? '',
    calls: String(stored?.triggerCalls ?? 1),
    seconds: stored?.triggerTimeout === undefined ? '' : String(stored.triggerTimeout / 1000),
    minutes: stored?.executionTimeout === undefined ? '' : String(stored.executionTimeout),
    runAs: stored?.runAsUser ?? '',
  };
}

/** A number; what is none is sent as it is, so that the server says what is wrong with it. */
function counted(text: string, times = 1): number | undefined {
  const plain = text.trim();
  if (plain === '') return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value * times : (plain as never);
}

/** What is sent. The URL stays; it is never sent. */
export function hookOf(draft: HookDraft, stored: Webhook | undefined): Webhook {
  const runAsUser = draft.runAs.trim() || undefined;
  return {
    name: draft.name.trim(),
    description: draft.description || undefined,
    triggerCalls: counted(draft.calls),
    triggerTimeout: counted(draft.seconds, 1000),
    executionTimeout: counted(draft.minutes),
    runAsUser,
    // Somebody who is typed is a person; who was there before stays what it was.
    runAsUserType: runAsUser && runAsUser === stored?.runAsUser ? stored.runAsUserType : undefined,
  };
}
