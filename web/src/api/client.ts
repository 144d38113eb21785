/** The one way to the server. Requests are typed by the published documents; refusals become {@link Problem}. */

import createClient from 'openapi-fetch';
import type { paths as Core } from './generated/core';
import type { paths as Dynamic } from './generated/dynamic-engines';
import type { paths as Own } from './generated/stoker';
import type { Session } from './own';

/** A refusal of the server, or no answer at all. */
export class Problem extends Error {
  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
    /** Id of the request, to be found in the server's log. */
    readonly requestId?: string,
  ) {
    super(message);
  }
}

let session: Session | undefined;
let onExpired = () => {};

/** Sets whose session changing calls speak for, before anything is drawn. */
export function speakFor(current: Session): void {
  session = current;
}

/** Sets whose session changing calls speak for, and what to do when it has ended. */
export function useCredentials(current: Session | undefined, expired: () => void): void {
  session = current;
  onExpired = expired;
}

export const NO_ANSWER = 'The server does not answer. Is it running, and is the network up?';

/** The headers of a call that changes something: whose session it speaks for. */
export function spoken(): [string, string][] {
  return session ? [[session.csrfHeader, session.csrfToken]] : [];
}

/** Looks whether an answer says that the session has ended. */
export function heard(response: Response): Response {
  if (response.status === 401 && session) onExpired();
  return response;
}

async function send(request: Request): Promise<Response> {
  if (request.method !== 'GET') for (const [name, value] of spoken()) request.headers.set(name, value);
  try {
    return heard(await fetch(request));
  } catch {
    throw new Problem(0, NO_ANSWER);
  }
}

export const options = { baseUrl: globalThis.location?.origin, fetch: send };

/** The compatible operations. */
export const core = createClient<Core>(options);
/** Those of Dynamic Engines. */
export const dynamic = createClient<Dynamic>(options);
/** Our own operations. */
export const own = createClient<Own>(options);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function problem(response: Response, error: unknown): Problem {
  const body = (error && typeof error === 'object' ? error : {}) as Record<string, unknown>;
  const message = [body.message, body.detail, body.details].find((text) => typeof text === 'string' && text);
  const id = body.requestId ?? response.headers.get('x-request-id');
  return new Problem(response.status, String(message ?? `The server answered ${response.status}.`), String(id ?? ''));
}

/** The body of a success; throws a {@link Problem} otherwise. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problem(response, error);
  return data as T;
}

/** A call without a type in the documents; `as` says whether the answer is read or handed on as it came. */
export async function raw<T>(path: string, init: RequestInit = {}, as: 'json' | 'text' = 'json'): Promise<T> {
  return answer(await send(new Request(new URL(path, window.location.origin), init)), as);
}

/** What an answer without a type in the documents holds; throws a {@link Problem} when it is no success. */
export async function answer<T>(response: Response, as: 'json' | 'text'): Promise<T> {
  const text = await response.text();
  if (as === 'text' && response.ok) return text as T;
  let parsed: unknown;
  try {
    parsed = text ? JSON.parse(text) : undefined;
  } catch {
    throw new Problem(response.status, 'The answer is not from Stoker. Is there a proxy in between?');
  }
  if (!response.ok) throw problem(response, parsed);
  return parsed as T;
}
