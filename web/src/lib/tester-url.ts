/** The address of a request as one line, with its query. */

import type { Entity, Row } from './tester-doc';

/** Positions of a sign outside of expressions. */
function outside(text: string, sign: string): number[] {
  const found: number[] = [];
  let quote = '';
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const here = text[at] ?? '';
    if (quote) {
      if (here === '\\') at += 1;
      else if (here === quote) quote = '';
    } else if (depth > 0 && (here === '"' || here === "'")) quote = here;
    else if (text.startsWith('${', at)) depth += 1;
    else if (here === '}' && depth > 0) depth -= 1;
    else if (here === sign && depth === 0) found.push(at);
  }
  return found;
}

/** The parts of a text between a sign, which does not count inside of expressions. */
export function parted(text: string, sign: string): string[] {
  const places = outside(text, sign);
  return [...places, text.length].map((end, at) => text.slice(at === 0 ? 0 : (places[at - 1] ?? 0) + 1, end));
}

const pair = ({ name, value }: Row) => (value === undefined || (!name && !value) ? name : `${name}=${value}`);

/** The address of a request with the rows of its query that are on. */
export function urlOf(entity: Entity): string {
  const { scheme, host = '', path = '', query } = entity.uri ?? {};
  const on = (query?.items ?? []).filter((row) => row.enabled === true);
  const rest = on.length > 0 ? `?${on.map(pair).join(query?.delimiter ?? '&')}` : '';
  const name = scheme?.name ?? 'http';
  // An expression may bring a scheme of its own; http is what counts when it does not.
  if (name === 'http' && (host || path).startsWith('${')) return host + path + rest;
  return host || path || rest ? `${name}://${host}${path}${rest}` : '';
}

/** The rows after the line says this query: those that are off stay where they are. */
function rowsOf(known: Row[], text: string | undefined, delimiter: string): Row[] {
  const said = text === undefined ? [] : parted(text, delimiter);
  const made: Row[] = [];
  for (const row of known) {
    if (row.enabled !== true) {
      made.push(row);
      continue;
    }
    const next = said.shift();
    if (next !== undefined) made.push(next === pair(row) ? row : { ...row, ...rowOf(next) });
  }
  return [...made, ...said.map((one) => ({ ...rowOf(one), enabled: true }))];
}

function rowOf(text: string): Row {
  const [name = '', ...value] = parted(text, '=');
  return { name, value: value.length > 0 ? value.join('=') : undefined };
}

/** The request with this address. */
export function withUrl(entity: Entity, line: string): Entity {
  const match = /^(https?|wss?):\/\//i.exec(line);
  const known = line.startsWith('${') ? undefined : entity.uri?.scheme?.name;
  const name = (match?.[1] ?? known ?? 'http').toLowerCase();
  let rest = match ? line.slice(match[0].length) : line;
  const mark = outside(rest, '?')[0];
  const query = mark === undefined ? undefined : rest.slice(mark + 1);
  if (mark !== undefined) rest = rest.slice(0, mark);
  const { delimiter = '&', items: rows = [] } = entity.uri?.query ?? {};
  const items = rowsOf(rows, query, delimiter);
  const slash = outside(rest, '/')[0];
  const [host, path] = slash === undefined ? [rest, ''] : [rest.slice(0, slash), rest.slice(slash)];
  const { query: _, ...uri } = entity.uri ?? {};
  return {
    ...entity,
    uri: {
      ...uri,
      scheme: { name, version: 'V11', ...(name === 'https' || name === 'wss' ? { secure: true } : {}) },
      host,
      path,
      ...(items.length > 0 ? { query: { ...entity.uri?.query, delimiter, items } } : {}),
    },
  };
}
