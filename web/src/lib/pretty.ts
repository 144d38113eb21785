/**
 * Bodies as people read them: JSON and XML with a line for each part, and what each piece of a line is. Nothing is read as
 * a value, so that numbers of any length, names that repeat and expressions stay as they were written.
 */

export type Look = 'name' | 'text' | 'number' | 'word' | 'mark' | 'expression' | 'comment' | 'plain';

export interface Piece {
  look: Look;
  text: string;
}

export type Line = Piece[];

/** End of an expression of the tester that begins here. */
function expressionEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from + 2; at < text.length; at += 1) {
    const here = text[at] ?? '';
    if (quote) {
      if (here === '\\') at += 1;
      else if (here === quote) quote = '';
    } else if (here === '"' || here === "'") quote = here;
    else if (here === '}') return at + 1;
  }
  return -1;
}

/** End of a JSON string that begins here. */
function stringEnd(text: string, from: number, expressions: boolean): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const here = text[at];
    if (here === '\\') at += 1;
    else if (here === '"') return at + 1;
    else if (expressions && text.startsWith('${', at)) {
      const end = expressionEnd(text, at);
      if (end < 0) return -1;
      at = end - 1;
    }
  }
  return -1;
}

const PLAIN = /[^\s{}[\],:"]+/y;
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** The pieces of a JSON text without its white space; nothing when it is none. */
function pieces(text: string, expressions: boolean): Piece[] | undefined {
  const found: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const here = text[at] ?? '';
    let end = at + 1;
    if (/\s/.test(here)) {
      at = end;
      continue;
    }
    let look: Look = 'mark';
    if (here === '"') {
      look = 'text';
      end = stringEnd(text, at, expressions);
    } else if (expressions && text.startsWith('${', at)) {
      look = 'expression';
      end = expressionEnd(text, at);
    } else if (!'{}[],:'.includes(here)) {
      PLAIN.lastIndex = at;
      const plain = PLAIN.exec(text)?.[0] ?? '';
      end = at + plain.length;
      look = NUMBER.test(plain) ? 'number' : 'word';
      if (look === 'word' && !['true', 'false', 'null'].includes(plain)) return undefined;
    }
    if (end < 0) return undefined;
    found.push({ look, text: text.slice(at, end) });
    at = end;
  }
  return found;
}

/** Puts pieces of JSON on lines; nothing when brackets do not fit. */
function laidOut(all: Piece[]): Line[] | undefined {
  const open: string[] = [];
  const lines: Line[] = [];
  let line: Line = [];
  const next = () => {
    lines.push(line);
    line = open.length > 0 ? [{ look: 'plain', text: '  '.repeat(open.length) }] : [];
  };
  for (const [at, piece] of all.entries()) {
    const { text } = piece;
    const after = all[at + 1]?.text;
    if (piece.look !== 'mark') {
      line.push(piece.look === 'text' && after === ':' ? { ...piece, look: 'name' } : piece);
    } else if (text === '{' || text === '[') {
      open.push(text);
      line.push(piece);
      if (after !== '}' && after !== ']') next();
    } else if (text === '}' || text === ']') {
      if (open.pop() !== (text === '}' ? '{' : '[')) return undefined;
      const before = all[at - 1]?.text;
      if (before !== '{' && before !== '[') next();
      line.push(piece);
    } else {
      line.push(text === ':' ? { look: 'mark', text: ': ' } : piece);
      if (text === ',') next();
    }
  }
  lines.push(line);
  return open.length === 0 ? lines : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON on lines; nothing when the text is none. */
export function jsonLines(text: string): Line[] | undefined {
  if (!isJson(text)) return undefined;
  const all = pieces(text, false);
  return all && laidOut(all);
}

/** A JSON body with expressions, on lines; nothing when it would be none with values in their place. */
export function laidOutJson(text: string): string | undefined {
  const all = pieces(text, true);
  const lines = all?.length ? laidOut(all) : undefined;
  const filled = all?.map((piece) => (piece.look === 'expression' ? '0' : piece.look === 'text' ? '""' : piece.text));
  // Names that are the same for the check alone do no harm.
  return lines && isJson((filled ?? []).join('')) ? lines.map(written).join('\n') : undefined;
}

export const written = (line: Line): string => line.map((piece) => piece.text).join('');

const MARKUP = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<[!?/]?[A-Za-z][^<>]*>|[^<]+|</g;
const INSIDE = /("[^"]*"|'[^']*')|([^\s"'=<>/?!]+)|([^"'])/g;

function tag(text: string): Line {
  const line: Line = [];
  let named = false;
  for (const [whole, value, word] of text.matchAll(INSIDE)) {
    const look: Look = value ? 'text' : word && !named ? 'name' : word ? 'word' : 'mark';
    if (word) named = true;
    line.push({ look, text: whole });
  }
  return line;
}

function pieceOf(text: string): Line {
  if (text.startsWith('<!--')) return [{ look: 'comment', text }];
  if (/^<[!?/]?[A-Za-z]/.test(text)) return tag(text);
  return [{ look: 'plain', text }];
}

/** Markup as it stands, line for line. */
export function markupLines(text: string): Line[] {
  const lines: Line[] = [[]];
  for (const [part] of text.matchAll(MARKUP)) {
    for (const piece of pieceOf(part)) {
      const [first = '', ...more] = piece.text.split(/\r?\n/);
      if (first) lines.at(-1)?.push({ ...piece, text: first });
      for (const one of more) lines.push(one ? [{ ...piece, text: one }] : []);
    }
  }
  return lines;
}

/** XML with a line for each element; nothing when its elements do not fit into each other. */
export function xmlLines(text: string): Line[] | undefined {
  const lines: Line[] = [];
  const open: string[] = [];
  const parts = [...text.matchAll(MARKUP)].map(([part]) => part).filter((part) => part.trim());
  const nameOf = (part: string) => /^<\/?([^\s/>]+)/.exec(part)?.[1] ?? '';
  const push = (...line: Line) => lines.push([{ look: 'plain', text: '  '.repeat(open.length) }, ...line]);
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    if (part.startsWith('</')) {
      if (open.pop() !== nameOf(part)) return undefined;
      push(...tag(part));
    } else if (/^<[A-Za-z]/.test(part) && !part.endsWith('/>')) {
      const [inside = '', end = ''] = [parts[at + 1], parts[at + 2]];
      if (inside === `</${nameOf(part)}>`) {
        push(...tag(part), ...tag(inside));
        at += 1;
      } else if (!inside.startsWith('<') && end.startsWith('</') && nameOf(end) === nameOf(part)) {
        push(...tag(part), { look: 'plain', text: inside.trim() }, ...tag(end));
        at += 2;
      } else {
        push(...tag(part));
        open.push(nameOf(part));
      }
    } else {
      push(...pieceOf(part.trim()));
    }
  }
  return open.length === 0 && lines.length > 0 ? lines : undefined;
}

/** What a body is, by its type and by what it begins with. */
export function kindOf(type: string, text: string): 'json' | 'xml' | 'html' | 'text' {
  const media = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (/[/+]json$/.test(media)) return 'json';
  if (media === 'text/html' || media === 'application/xhtml+xml') return 'html';
  if (/[/+]xml$/.test(media)) return 'xml';
  const start = text.trimStart();
  if (start.startsWith('{') || start.startsWith('[')) return 'json';
  if (/^<(!doctype html|html)/i.test(start)) return 'html';
  return start.startsWith('<') ? 'xml' : 'text';
}

/** A text line for line, as it stands. */
export const plainLines = (text: string): Line[] =>
  text.split(/\r?\n/).map((line) => (line ? [{ look: 'plain', text: line }] : []));

/** A body on lines, as its kind is read best. */
export function prettyLines(type: string, text: string): Line[] {
  const kind = kindOf(type, text);
  if (kind === 'json') return jsonLines(text) ?? plainLines(text);
  if (kind === 'xml') return xmlLines(text) ?? markupLines(text);
  return kind === 'html' ? markupLines(text) : plainLines(text);
}

/** Bytes as they stand: place, sixteen of them, and the signs that they are. */
export function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.slice(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'));
    const signs = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'));
    const [left, right] = [hex.slice(0, 8).join(' '), hex.slice(8).join(' ')];
    lines.push(`${at.toString(16).padStart(8, '0')}  ${left.padEnd(23)}  ${right.padEnd(23)}  ${signs.join('')}`);
  }
  return lines;
}
