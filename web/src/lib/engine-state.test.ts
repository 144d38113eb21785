import { describe, expect, it } from 'vitest';
import { isAbout } from '../app/live';
import { engineState, leftOn } from './engine-state';

const drain = { since: '2026-02-03T08:55:00.000Z', by: 'mara' };

describe('the state of an engine', () => {
  const paired = { status: 'PAIRED', availability: 'AVAILABLE' } as const;

  it('says what matters first', () => {
    expect(engineState(paired, undefined)).toBe('available');
    expect(engineState({ ...paired, availability: 'NOT_AVAILABLE' }, {})).toBe('away');
    expect(engineState(paired, { drain })).toBe('drained');
    // Whoever works on the machine knows that it is away.
    expect(engineState({ ...paired, availability: 'NOT_AVAILABLE' }, { drain })).toBe('drained');
    expect(engineState({ ...paired, status: 'NOT_PAIRED' }, { drain })).toBe('unpaired');
  });

  it('counts what is left in words', () => {
    expect(leftOn({ runs: 1, testRuns: 0 })).toBe('1 run');
    expect(leftOn({ runs: 2, testRuns: 1 })).toBe('2 runs and 1 test run');
    expect(leftOn({ runs: 0, testRuns: 3 })).toBe('3 test runs');
    expect(leftOn({ runs: 0, testRuns: 0 })).toBeUndefined();
    expect(leftOn(undefined)).toBeUndefined();
  });
});

describe('what a change makes old', () => {
  it('is of its topic, or names it', () => {
    const work = { queryKey: ['engines', 'work'], meta: { also: ['runs'] } };
    expect(isAbout(work, 'engines')).toBe(true);
    expect(isAbout(work, 'runs')).toBe(true);
    expect(isAbout(work, 'logs')).toBe(false);
    expect(isAbout({ queryKey: ['runs', 'page'] }, 'runs')).toBe(true);
    expect(isAbout({ queryKey: ['runs', 'page'] }, 'engines')).toBe(false);
  });
});
