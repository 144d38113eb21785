import { describe, expect, it } from 'vitest';
import type { PromotionRun } from '../api/infra';
import { countsOf, itemsOf } from './promotion-report';

const report = (status: string, ...info: string[]) => ({
  status,
  messages: info.map((text) => ({ info: text, level: 'WARN' })),
});

const run = {
  executionId: 'r',
  startTimestamp: '',
  triggerTimestamp: '',
  userId: 'admin',
  status: 'ANALIZED',
  workspaces: [
    {
      id: 'w',
      name: 'Shared',
      type: 'WORKSPACE',
      analyzeReport: report('REUSED'),
      flows: [
        { id: 't1', name: 'Load', type: 'FLOW', analyzeReport: report('CREATED') },
        { id: 't2', name: 'Clash', type: 'FLOW', analyzeReport: report('FAILED', 'two tasks have this name') },
      ],
      engines: [
        {
          id: 'e',
          name: 'forge',
          type: 'ENGINE',
          analyzeReport: report('REPLACED'),
          runProfiles: [{ id: 'p', name: 'large', analyzeReport: report('CREATED') }],
        },
      ],
    },
  ],
  engines: [{ id: 'e2', name: 'spare', type: 'ENGINE', analyzeReport: report('REPLACED') }],
} as unknown as PromotionRun;

describe('the report of a promotion', () => {
  it('is one list: what blocks first, then what is new, what changes, what stays', () => {
    const items = itemsOf(run);
    expect(items.map((one) => `${one.status} ${one.kind} ${one.name}`)).toEqual([
      'FAILED FLOW Clash',
      'CREATED FLOW Load',
      'CREATED PROFILE large',
      'REPLACED ENGINE forge',
      'REPLACED ENGINE spare',
      'REUSED WORKSPACE Shared',
    ]);
    expect(items[0]?.notes).toEqual([{ level: 'WARN', text: 'two tasks have this name' }]);
    expect(items[2]?.workspace).toBe('forge');
  });

  it('counts each status in the same order', () => {
    expect(countsOf(itemsOf(run))).toEqual([
      ['FAILED', 1],
      ['CREATED', 2],
      ['REPLACED', 2],
      ['REUSED', 1],
    ]);
  });

  it('shows what was done instead of what would be, once it is done', () => {
    const done = {
      ...run,
      workspaces: [{ id: 'w', name: 'Shared', analyzeReport: report('REUSED'), promotionReport: report('CREATED') }],
      engines: [],
    } as unknown as PromotionRun;
    expect(itemsOf(done).map((one) => one.status)).toEqual(['CREATED']);
  });
});
