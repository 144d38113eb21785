/**
 * How one can sign in: what the server offers, and what it answers. The one seam to the server's ways: a second factor
 * and an identity provider come through here.
 */

import { Problem, raw } from '../api/client';
import type { components as Own } from '../api/generated/stoker';
import type { Session } from '../api/own';
import { duration } from '../texts/time';

/** What the server offers. */
export type Ways = Omit<Own['schemas']['SignInWays'], 'openId'> & {
  /** An identity provider: what its button is called, and where signing in with it begins. */
  openId: { name: string; path: string } | null;
};

/** What every server offers that does not tell. */
const ALWAYS: Ways = { password: true, token: true, openId: null };
/** Asks for the ways. A server that does not know the question has password and token. */
export async function readWays(): Promise<Ways> {
  try {
    return { ...ALWAYS, ...(await raw<Ways>('/stoker/v1/session/ways')) };
  } catch (error) {
    if (error instanceof Problem && error.status !== 0) return ALWAYS;
    throw error;
  }
}

/** What is sent for signing in. */
export type Credentials = { token: string } | { login: string; password: string; totp?: string; recoveryCode?: string };

/** Why it did not work. */
export type Refusal =
  | { why: 'wrong' }
  | { why: 'second-factor' }
  | { why: 'wait'; text: string }
  | { why: 'other'; text: string };

/** Tells refusals apart; a second factor that is missing or wrong is named in the message of the server. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Problem)) return { why: 'other', text: String((error as Error)?.message ?? error) };
  if (error.status === 429) {
    const seconds = /(\d+) s\b/.exec(error.message)?.[1];
    return seconds ? { why: 'wait', text: duration(Number(seconds) * 1_000) } : { why: 'other', text: error.message };
  }
  if (error.status === 401)
    return /totp|recoveryCode/i.test(error.message) ? { why: 'second-factor' } : { why: 'wrong' };
  return { why: 'other', text: error.message };
}

/** Signs in; the cookie comes with the answer. */
export function signIn(credentials: Credentials): Promise<Session> {
  return raw<Session>('/stoker/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
}

let said: string | undefined;

/** Leaves a message for the page of the sign-in, which comes next. */
export function sayAtSignIn(text: string): void {
  said = text;
}

/** The message that was left. */
export function takeSaid(): string | undefined {
  const text = said;
  said = undefined;
  return text;
}
