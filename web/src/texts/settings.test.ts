import { describe, expect, it } from 'vitest';
import { groupsOf, settingText, valueText } from './settings';

describe('values of settings', () => {
  it('are said in words', () => {
    const say = (name: string, value: unknown) => valueText(value, settingText(name, ''));
    expect(say('keepLogsDays', 0)).toBe('for ever');
    expect(say('keepLogsDays', 1)).toBe('1 day');
    expect(say('tasksAndPlans', 30_000)).toBe('30,000 tasks and plans');
    expect(say('lostRunSeconds', 86_400)).toBe('86,400 seconds (1 d)');
    expect(say('lostRunSeconds', 90)).toBe('90 seconds');
    expect(say('activeRuns', 0)).toBe('no limit');
    expect(say('activeRunsFull', 'wait')).toBe('waits for room');
    expect(say('testerTargets', [])).toBe('none');
    expect(say('testerTargets', ['a', '.b'])).toBe('a, .b');
    expect(say('openId', null)).toBe('none');
    expect(say('openId', { name: 'Example', issuer: 'https://id.example' })).toBe('Example, https://id.example');
  });

  it('of a newer server have its own words', () => {
    expect(settingText('ofTomorrow', 'What it does.')).toEqual({ label: 'ofTomorrow', hint: 'What it does.' });
    expect(valueText(5, settingText('ofTomorrow', ''))).toBe('5');
  });
});

describe('groups of settings', () => {
  it('have an order, and unknown ones come last', () => {
    const groups = groupsOf(['later', 'tester', 'engines', 'engines', 'later']);
    expect(groups).toEqual([
      ['engines', 'Engines'],
      ['tester', 'API tester'],
      ['later', 'later'],
    ]);
  });
});
