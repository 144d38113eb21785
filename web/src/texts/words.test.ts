import { describe, expect, it } from 'vitest';
import { currentWait, deletionOf, eventWords, waitReason } from './reasons';
import { stateOf, wentWrong } from './status';
import { ago, duration, fullTime, instant, logTime, runLength, shortTime } from './time';
import { triggerWords } from './triggers';

const NOW = Date.parse('2026-02-03T09:00:00Z');

describe('times', () => {
  it('tells lengths with their two largest units', () => {
    expect([0, 999, 1_000, 61_000, 3_600_000, 90_061_000, -1, Number.NaN].map(duration)).toEqual([
      '0 ms',
      '999 ms',
      '1 s',
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
      '–',
      '–',
    ]);
  });

  it('tells distances in both directions', () => {
    expect([0, 4_000, 60_000, -7_200_000, 172_800_000].map((back) => ago(NOW - back, NOW))).toEqual([
      'just now',
      'just now',
      '1 min ago',
      'in 2 h',
      '2 d ago',
    ]);
  });

  it('shows instants in a zone', () => {
    expect(fullTime(NOW, 'Europe/Berlin')).toBe('Tue, 3 Feb 2026, 10:00:00');
    expect(shortTime(NOW - 60_000, NOW, 'UTC')).toBe('08:59:00');
    expect(shortTime(NOW - 86_400_000, NOW, 'UTC')).toBe('2 Feb, 09:00');
    expect(logTime(NOW + 7, 'UTC')).toBe('09:00:00.007');
    expect([instant('no time'), instant(undefined), instant('')]).toEqual([undefined, undefined, undefined]);
    expect(runLength('2026-02-03T08:59:00.000Z', undefined, NOW)).toBe('1 min');
    expect(runLength(undefined, undefined, NOW)).toBe('–');
  });
});

describe('states', () => {
  it('has a word for every published status and keeps unknown ones', () => {
    expect(stateOf('execution_failed')).toEqual({ label: 'Failed', tone: 'bad', done: true });
    expect(stateOf('some_new_state').label).toBe('Some new state');
    expect(stateOf(undefined).label).toBe('Unknown');
    expect(['deploy_failed', 'terminated_timeout', 'terminated', 'executing'].map(wentWrong)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('reasons', () => {
  const at = '2026-02-03T08:55:00.000Z';

  it('says why a run waits and what would help', () => {
    const full = { at, kind: 'waiting', reason: 'no_slot', detail: { engineName: 'forge', used: 3, slots: 3 } };
    expect(waitReason(full, NOW).why).toBe('forge is full: 3 of 3 places are taken');
    const most = { at, kind: 'waiting', reason: 'limit', detail: { setting: 'activeRuns', limit: 50 } };
    expect(waitReason(most, NOW).why).toBe('the account has reached its limit of 50 active runs');
    const away = { at, kind: 'waiting', reason: 'engine_away', detail: { engineName: 'forge', lastSeen: at } };
    expect(waitReason(away, NOW).why).toBe('forge does not answer, last heard 5 min ago');
    expect(waitReason(away, NOW).cure).toContain('Start the engine');
    const drained = { engineName: 'forge', since: at, by: 'mara', why: 'new disk' };
    expect(waitReason({ at, kind: 'waiting', reason: 'drained', detail: drained }, NOW).why).toBe(
      'forge was drained 5 min ago by mara: new disk',
    );
    expect(waitReason({ at, kind: 'waiting', reason: 'drained' }, NOW).why).toBe('the engine was drained');
    expect(waitReason({ at, kind: 'waiting', reason: 'moon_phase' }, NOW).why).toBe('moon phase');
  });

  it('tells events as sentences, also when details are missing', () => {
    expect(eventWords({ at, kind: 'finished', detail: { exitCode: 3 } }, NOW)).toBe('The job ended with exit code 3');
    expect(eventWords({ at, kind: 'finished', detail: null }, NOW)).toBe('It ended');
    expect(eventWords({ at, kind: 'accepted', detail: { by: 'admin', type: 'MANUAL' } }, NOW)).toBe(
      'Asked for by admin (manual)',
    );
    expect(eventWords({ at, kind: 'something_new' }, NOW)).toBe('something new');
    const deleted = { at, kind: 'log_deleted', detail: { by: 'admin' } };
    expect(eventWords(deleted, NOW)).toBe('admin deleted the log');
    expect(eventWords({ ...deleted, detail: { by: 'system' } }, NOW)).toContain('older than logs are kept');
    expect(deletionOf([{ at, kind: 'finished' }, deleted])).toBe(deleted);
    expect(deletionOf([{ at, kind: 'finished' }])).toBeUndefined();
  });

  it('knows the reason that holds now', () => {
    const waiting = { at, kind: 'waiting', reason: 'no_slot' };
    expect(currentWait([waiting, { ...waiting, reason: 'engine_away' }])?.reason).toBe('engine_away');
    expect(currentWait([waiting, { at, kind: 'started' }])).toBeUndefined();
    expect(currentWait([waiting, { at, kind: 'started' }, { at, kind: 'stop_asked' }])).toBeUndefined();
    expect(currentWait([])).toBeUndefined();
  });
});

describe('triggers', () => {
  it('are told in plain words', () => {
    const time = { type: 'AT_TIME', time: '02:30' };
    expect(triggerWords({ type: 'DAILY', interval: 1, atTimes: time })).toBe('Every day at 02:30');
    expect(
      triggerWords({
        type: 'WEEKLY',
        interval: 2,
        atTimes: { type: 'AT_SPECIFIC_TIMES', times: ['08:00', '20:00'] },
        atDays: { type: 'DAY_OF_WEEK', days: ['SUNDAY', 'MONDAY'] },
      }),
    ).toBe('Every 2 weeks on Mon and Sun at 08:00 and 20:00');
    expect(triggerWords({ type: 'MONTHLY', atDays: { type: 'DAY_OF_MONTH', day: 31 }, atTimes: time })).toBe(
      'Every month on day 31 at 02:30',
    );
    expect(triggerWords({ type: 'CRON', cronExpression: '0 6 ? * MON *' })).toContain('0 6 ? * MON *');
    expect(triggerWords({})).toBe('Never');
  });
});
