import { describe, expect, it } from 'vitest';
import { topicsOf } from '../app/live';
import { guessed } from './archive-name';
import { filtered, firstError, type LogLine, marked } from './log';
import { kept } from './use-log';

const line = (index: number, severity: string, text: string): LogLine => ({ index, at: 0, severity, text });
const LOG = [
  line(0, 'INFO', 'begin'),
  line(1, 'debug', 'Detail'),
  line(2, 'WARN', 'slow'),
  line(3, 'ERROR', 'No <b>DISK</b>'),
];

describe('log lines', () => {
  it('are filtered by level and by text', () => {
    expect(filtered(LOG, 'DEBUG', '')).toBe(LOG);
    expect(filtered(LOG, 'WARN', '').map((one) => one.index)).toEqual([2, 3]);
    expect(filtered(LOG, 'DEBUG', ' disk ').map((one) => one.index)).toEqual([3]);
    expect(filtered(LOG, 'ERROR', 'begin')).toEqual([]);
  });

  it('show the first error', () => {
    expect(firstError(LOG)).toBe(3);
    expect(firstError(LOG.slice(0, 3))).toBe(-1);
  });

  it('are marked where the search hits, and stay whole', () => {
    const pieces = marked('No disk, no DISK', 'disk');
    expect(pieces.filter((piece) => piece.hit).map((piece) => piece.text)).toEqual(['disk', 'DISK']);
    expect(pieces.map((piece) => piece.text).join('')).toBe('No disk, no DISK');
    // The capital I with a dot has two letters in lower case.
    expect(marked('İİİ disk', 'disk')).toEqual([{ text: 'İİİ disk', hit: false }]);
    expect(marked('x', '')).toEqual([{ text: 'x', hit: false }]);
  });
});

describe('names of archives', () => {
  it('hold name and version', () => {
    expect(guessed('Load_Orders_1.10.zip')).toEqual({ name: 'Load_Orders', version: '1.10' });
    expect(guessed('load-orders-v0.1.0.ZIP')).toEqual({ name: 'load-orders', version: '0.1.0' });
    expect(guessed('C:\\jobs\\plain.zip')).toEqual({ name: 'plain', version: '0.1.0' });
    expect(guessed('1.2.zip')).toEqual({ name: '1.2', version: '0.1.0' });
  });
});

describe('live hints', () => {
  it('name topics; what cannot be read means all of them', () => {
    expect(topicsOf('{"topics":["runs","unheard"]}')).toEqual(['runs']);
    expect(topicsOf('{}')).toHaveLength(5);
    expect(topicsOf('<html>')).toHaveLength(5);
  });
});

describe('a log that grows', () => {
  it('loses its first lines when there are too many, or too much text', () => {
    const more = [line(4, 'INFO', 'four'), line(5, 'INFO', 'five')];
    expect(kept(LOG, more).length).toBe(6);
    expect(kept(LOG, more, 2).map((one) => one.index)).toEqual([4, 5]);
    expect(kept(LOG, more, 100, 9).map((one) => one.index)).toEqual([4, 5]);
    expect(kept([], [line(0, 'INFO', 'far too long')], 100, 3).map((one) => one.index)).toEqual([0]);
  });
});
