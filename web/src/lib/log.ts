/** Lines of a log: level, search, first error. */

/** A line as it is shown. */
export interface LogLine {
  /** Position in the log, from 0. */
  index: number;
  at: number;
  severity: string;
  text: string;
}

/** What the level filter offers, from the quietest to the loudest. */
export const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type Level = (typeof LEVELS)[number];

const RANK: Record<string, number> = { TRACE: 0, DEBUG: 0, INFO: 1, WARN: 2, WARNING: 2, ERROR: 3, FATAL: 3 };

function rank(severity: string): number {
  return RANK[severity.toUpperCase()] ?? 1;
}

/** Whether a line is at least as loud as a level. */
export function loud(line: LogLine, level: Level): boolean {
  return rank(line.severity) >= rank(level);
}

/** The lines that are loud enough and hold the search text, whatever its case. */
export function filtered(lines: LogLine[], level: Level, search: string): LogLine[] {
  const wanted = search.trim().toLowerCase();
  if (level === 'DEBUG' && !wanted) return lines;
  return lines.filter((line) => loud(line, level) && (!wanted || line.text.toLowerCase().includes(wanted)));
}

/** Position in the list of the first line that is an error, or -1. */
export function firstError(lines: LogLine[]): number {
  return lines.findIndex((line) => rank(line.severity) >= 3);
}

/** Cuts a text into pieces that do and do not match, for marking what was found. */
export function marked(text: string, search: string): { text: string; hit: boolean }[] {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return [{ text, hit: false }];
  const lower = text.toLowerCase();
  // Some letters change their length in lower case; then positions would be wrong.
  if (lower.length !== text.length) return [{ text, hit: false }];
  const pieces: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    if (at > from) pieces.push({ text: text.slice(from, at), hit: false });
    pieces.push({ text: text.slice(at, at + wanted.length), hit: true });
    from = at + wanted.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false });
  return pieces;
}
