import { describe, expect, it } from 'vitest';
import { Problem } from '../api/client';
import type { Environment, Task, Workspace } from '../api/queries';
import { HISTORY_PAGE, HISTORY_WINDOW, type Past } from '../api/work';
import { chosen } from '../app/scope';
import { dayOf, dayTitle, lastDays, monthAfter, monthPage } from '../texts/days';
import { offsetIn } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { fieldError, refusalOf } from './field-errors';
import { lanes } from './lanes';
import { type ChartStep, type DraftStep, draftsOf, moved, newStep, planSteps, requestOf, runsOf } from './plan-steps';
import { ranked } from './ranked';
import { before, extended, historyOf, OPEN_STATUSES, patched } from './run-search';
import { copyOf } from './task-form';
import { draftOfTrigger, freshTrigger, triggerOf } from './trigger-form';
import { nextCursor } from './use-history';
import { hookOf, typedHook } from './webhook-form';

const past = (id: string, status: string, runEndTime?: number): Past => ({
  id,
  name: id,
  status,
  type: 'STANDARD',
  triggerTime: 1,
  runEndTime,
});

describe('the filters of the history', () => {
  it('stand for what the address says', () => {
    const search = historyOf(
      { status: 'executing', task: 't1', name: 'ab', longer: '1.5', place: 'c1', days: '7' },
      { environmentId: 'e', workspaceId: 'w' },
      8 * 86_400_000 + 59_000,
      (id) => id === 'c1',
    );
    expect(search).toEqual({
      environmentId: 'e',
      exclude: 'PLAN_EXECUTIONS',
      from: 86_400_000,
      to: undefined,
      filters: [
        { field: 'workspaceId', operator: 'in', value: 'w' },
        {
          field: 'status',
          operator: 'in',
          value: ['STARTING_FLOW_EXECUTION', 'STOPPING_FLOW_EXECUTION', 'UNKNOWN'],
        },
        { field: 'taskId', operator: 'in', value: 't1' },
        { field: 'executeDurationMs', operator: 'greater_than', value: 1500 },
        // Two letters are too few for a name; the server would refuse them while somebody types.
        { field: 'runtime', operator: 'or', value: [{ field: 'clusterId', operator: 'in', value: ['c1'] }] },
      ],
    });
  });

  it('go on behind a window without what is still open', () => {
    const next = before({ filters: [], to: 500 }, 400);
    expect([next.from, next.to]).toEqual([0, 400]);
    expect(next.filters).toEqual([{ field: 'status', operator: 'not_in', value: OPEN_STATUSES }]);
  });
});

describe('a long list', () => {
  const page = (count: number, end: number | undefined, more: boolean) => ({
    items: Array.from({ length: count }, (_, index) => past(`${index}`, 'EXECUTION_SUCCESS', end)),
    nextPageExists: more,
  });
  const search = { filters: [] };

  it('goes on by offset within a window, then in a window that begins at its last end', () => {
    const first = nextCursor({ search, offset: 0 }, page(HISTORY_PAGE, 9, true), search);
    expect(first).toEqual({ search, offset: HISTORY_PAGE });
    const last = { search, offset: HISTORY_WINDOW - HISTORY_PAGE };
    expect(nextCursor(last, page(HISTORY_PAGE, 77, false), search)).toEqual({ search: before(search, 77), offset: 0 });
    expect(nextCursor({ search, offset: 0 }, page(3, 9, false), search)).toBeUndefined();
  });

  it('shows no record twice, and moves no row when a state changes', () => {
    const list = [past('a', 'STARTING_FLOW_EXECUTION'), past('b', 'EXECUTION_SUCCESS', 5)];
    expect(extended(list, [past('b', 'EXECUTION_SUCCESS', 5)])).toBe(list);
    expect(extended(list, [past('b', 'EXECUTION_SUCCESS', 5), past('c', 'EXECUTION_FAILED', 4)]).length).toBe(3);
    const next = patched(list, [past('a', 'EXECUTION_FAILED', 9)]);
    expect(next.map((one) => [one.id, one.status])).toEqual([
      ['a', 'EXECUTION_FAILED'],
      ['b', 'EXECUTION_SUCCESS'],
    ]);
    expect(patched(list, [past('a', 'STARTING_FLOW_EXECUTION')])).toBe(list);
  });
});

describe('a plan', () => {
  const step = (key: string): DraftStep => ({ ...newStep([], key), name: key, taskIds: ['t'] });

  it('keeps its steps through reading and writing', () => {
    const chart = {
      id: 's1',
      name: 'Load',
      status: 'PARTIAL_SUCCESS',
      note: 'check the disk',
      flows: [{ id: 't1' }, { id: 't2' }],
      stepOnException: { status: 'FAIL', flows: [{ id: 't3' }, { abstractPlanId: 'p1' }] },
    };
    expect(requestOf(draftsOf([chart]))).toEqual([
      {
        id: 's1',
        name: 'Load',
        condition: 'AT_LEAST_ONE_SUCCEEDED',
        taskIds: ['t1', 't2'],
        handlerOnFailure: { taskIds: ['t3'], planIds: ['p1'] },
        note: 'check the disk',
      },
    ]);
  });

  it('moves steps, and never over an end', () => {
    const list = [step('a'), step('b'), step('c')];
    expect(moved(list, 2, 0).map((one) => one.key)).toEqual(['c', 'a', 'b']);
    expect(moved(list, 0, -1)).toBe(list);
    expect(moved(list, 2, 3)).toBe(list);
    expect(newStep([{ ...step('x'), name: 'Step 2' }], 'y').name).toBe('Step 3');
  });
});

describe('a refusal', () => {
  it('stands at the fields it names, the rest at the form', () => {
    const refusal = refusalOf(
      new Problem(400, 'startDate: write the first day; atTimes.time: "x" is no time'),
      (field) => ['startDate', 'atTimes.time'].includes(field),
    );
    expect(refusal.fields).toEqual({ startDate: 'Write the first day', 'atTimes.time': '"x" is no time' });
    expect(refusal.rest).toBeUndefined();
    const other = refusalOf(new Problem(403, 'Forbidden: a right is missing', 'r1'), () => false);
    expect((other.rest as Problem).message).toBe('Forbidden: a right is missing');
    const list = refusalOf(new Problem(400, 'steps[1].taskIds: must hold at least one task'), () => true);
    expect(fieldError(list, 'steps[1].taskIds')).toBe('Must hold at least one task');
  });
});

describe('a trigger', () => {
  const fresh = freshTrigger('night', '2026-02-03', 'Europe/Berlin');

  it('is sent with the fields of its type only', () => {
    expect(triggerOf({ ...fresh, times: '02:30' })).toMatchObject({ atTimes: { type: 'AT_TIME', time: '02:30' } });
    expect(triggerOf({ ...fresh, times: '02:30, 14:00' })).toMatchObject({
      atTimes: { type: 'AT_SPECIFIC_TIMES', times: ['02:30', '14:00'] },
    });
    expect(triggerOf({ ...fresh, type: 'CRON' })).toEqual({
      name: 'night',
      type: 'CRON',
      timeZone: 'Europe/Berlin',
      cronExpression: '30 6 ? * MON-FRI *',
      timeout: undefined,
    });
    const weekly = triggerOf({ ...fresh, type: 'WEEKLY', days: ['FRIDAY', 'MONDAY'] });
    expect(weekly.atDays).toEqual({ type: 'DAY_OF_WEEK', days: ['MONDAY', 'FRIDAY'] });
    expect(triggerWords(weekly)).toBe('Every week on Mon and Fri at 07:00');
    // Two times for one start are not cut to the first: the server says what is wrong.
    expect(triggerOf({ ...fresh, type: 'ONCE', times: '02:30, 14:00' }).atTimes?.time).toBe('02:30 14:00');
  });

  it('stays as it is when it is only looked at', () => {
    const stored = {
      ...triggerOf({ ...fresh, type: 'MONTHLY', day: '31', timesHow: 'AT_INTERVALS', timeout: '5' }),
      startTime: '01:00',
    };
    expect(triggerOf(draftOfTrigger(stored, '2030-01-01', 'UTC'))).toEqual(stored);
  });
});

describe('days', () => {
  it('are counted on the calendar, also where the clocks change', () => {
    const noon = new Date(2026, 2, 31, 23, 30).getTime();
    const days = lastDays(noon, 5);
    expect(days).toEqual(['2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30', '2026-03-31']);
    expect(dayOf(noon)).toBe('2026-03-31');
    expect(dayTitle('2026-03-29')).toBe('29 Mar');
  });

  it('fill the page of a month from Monday to Sunday', () => {
    const page = monthPage('2026-02');
    expect([page[0], page.at(-1), page.length]).toEqual(['2026-01-26', '2026-03-01', 35]);
    expect([monthAfter('2026-12', 1), monthAfter('2026-01', -1)]).toEqual(['2027-01', '2025-12']);
  });

  it('have the distance from UTC of their zone', () => {
    expect(offsetIn(Date.UTC(2027, 2, 13, 7), 'America/New_York')).toBe('UTC-5');
    expect(offsetIn(Date.UTC(2027, 2, 15, 7), 'America/New_York')).toBe('UTC-4');
    expect(offsetIn(Date.UTC(2027, 0, 1), 'Asia/Kolkata')).toBe('UTC+5:30');
    expect(offsetIn(0, 'UTC')).toBe('UTC');
  });
});

describe('bars in a lane', () => {
  it('do not lie on each other', () => {
    const spans = [
      { from: 0, to: 10 },
      { from: 5, to: 6 },
      { from: 7, to: 20 },
      { from: 10, to: 12 },
    ];
    expect(lanes(spans, 1).map((one) => one.lane)).toEqual([0, 1, 1, 0]);
    expect(lanes(spans, 4).map((one) => one.lane)).toEqual([0, 1, 2, 0]);
  });
});

describe('the palette', () => {
  it('finds by words in any order, the best first', () => {
    const entries = [
      { key: '1', kind: 'Task', name: 'Reload customers' },
      { key: '2', kind: 'Run', name: 'Load customers' },
      { key: '3', kind: 'Task', name: 'Load customers' },
      { key: '4', kind: 'Plan', name: 'Month end' },
    ];
    expect(ranked(entries, 'load').map((one) => one.key)).toEqual(['2', '3', '1']);
    expect(ranked(entries, 'run cust').map((one) => one.key)).toEqual(['2']);
    expect(ranked(entries, 'xyz')).toEqual([]);
    expect(ranked(entries, ' ').length).toBe(4);
  });
});

describe('a webhook', () => {
  it('is typed in seconds and sent in milliseconds; what is no number is sent as it is', () => {
    const stored = {
      name: 'orders',
      triggerCalls: 3,
      triggerTimeout: 90_000,
      runAsUser: 'deploy',
      runAsUserType: 'SERVICE',
      url: 'http://x',
    } as const;
    const typed = typedHook(stored);
    expect([typed.calls, typed.seconds, typed.minutes]).toEqual(['3', '90', '']);
    const { url: _, ...same } = stored;
    expect(hookOf(typed, stored)).toEqual({ ...same, description: undefined, executionTimeout: undefined });
    expect(hookOf({ ...typed, calls: 'two', runAs: 'ada' }, stored)).toMatchObject({
      triggerCalls: 'two',
      runAsUser: 'ada',
      runAsUserType: undefined,
    });
  });
});

describe('the chosen place', () => {
  const environments = [
    { id: 'e1', name: 'one' },
    { id: 'e2', name: 'two', default: true },
  ] as Environment[];
  const workspaces = [
    { id: 'w1', environment: { id: 'e1' } },
    { id: 'w2', environment: { id: 'e2' } },
  ] as Workspace[];
  it('is the default one when none was chosen, or it is gone', () => {
    expect(chosen('', environments, workspaces).query).toEqual({ environmentId: 'e2', workspaceId: undefined });
    expect(chosen('{"environmentId":"gone"}', environments, workspaces).query.environmentId).toBe('e2');
    expect(chosen('no JSON', environments, workspaces).query.environmentId).toBe('e2');
    expect(chosen('', [], []).ready).toBe(false);
  });
  it('keeps a workspace only within its environment', () => {
    const text = (workspaceId: string) => JSON.stringify({ environmentId: 'e1', workspaceId });
    expect(chosen(text('w1'), environments, workspaces).query).toEqual({ environmentId: 'e1', workspaceId: 'w1' });
    expect(chosen(text('w2'), environments, workspaces).query.workspaceId).toBeUndefined();
  });
});

describe('the chart of a plan', () => {
  const chart = {
    name: 'one',
    flows: [{ id: 'a' }, { id: 'b' }],
    stepOnException: { flows: [{ id: 'c' }, { abstractPlanId: 'p' }] },
    nextStep: { name: 'two', flows: [{ id: 'a' }] },
  };

  it('is read as a list, and says which tasks each step runs', () => {
    const steps = planSteps<ChartStep>(chart);
    expect(steps.map((step) => step.name)).toEqual(['one', 'two']);
    expect(steps.map(runsOf)).toEqual([['a', 'b', 'c'], ['a']]);
    expect(planSteps(undefined)).toEqual([]);
  });
});

describe('a copy of a task', () => {
  it('has what can be read, and of secret values only what is typed anew', () => {
    const it = {
      id: 't',
      name: 'Load',
      version: '3.1',
      description: 'd',
      tags: ['crm'],
      artifact: { id: 'a', name: 'load', version: '0.2' },
      parameters: { day: 'monday', password: '', token: '' },
      connections: { db: 'c' },
      workspace: { id: 'w', environment: { id: 'e' } },
    } as unknown as Task;
    const copy = copyOf(it, { name: 'Load again', workspaceId: 'v', secrets: { token: 'x' } });
    expect(copy).toMatchObject({
      name: 'Load again',
      workspaceId: 'v',
      environmentId: 'e',
      artifact: { id: 'a', version: '0.2' },
      connections: { db: 'c' },
    });
    expect(copy.parameters).toEqual({ day: 'monday', token: 'x' });
  });
});
