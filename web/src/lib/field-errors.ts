/** Refusals that name a field, put to their fields. */

import { Problem } from '../api/client';
import { fieldOf } from './field-of';

/** What was refused: messages by the path of their field, and what belongs to none. */
export interface Refusal {
  fields: Record<string, string>;
  rest?: unknown;
}

/** Reads a refusal; `known` tells which fields the form has. What it has not stays a message of the whole form. */
export function refusalOf(error: unknown, known: (field: string) => boolean): Refusal {
  if (error === undefined) return { fields: {} };
  if (!(error instanceof Problem)) return { fields: {}, rest: error };
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const part of error.message.split(/; (?=[a-zA-Z][\w.[\]]*: )/)) {
    const named = fieldOf(part);
    if (named && known(named.path)) fields[named.path] = named.text;
    else rest.push(part);
  }
  if (rest.length === 0 && Object.keys(fields).length > 0) return { fields };
  return { fields, rest: new Problem(error.status, rest.join('; ') || error.message, error.requestId) };
}

/** The message of the first field whose path begins so. */
export function fieldError(refusal: Refusal, path: string): string | undefined {
  const found = Object.keys(refusal.fields).find((field) => field === path || field.startsWith(`${path}[`));
  return found && refusal.fields[found];
}
