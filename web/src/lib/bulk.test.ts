import { describe, expect, it } from 'vitest';
import { forEach, type Outcome, planned } from './bulk';

describe('one act upon many', () => {
  it('parts those that are left out, each with its reason', () => {
    const plan = planned([1, 2, 3, 4], (one) => (one % 2 === 0 ? `${one} is even` : undefined));
    expect(plan).toEqual({
      go: [1, 3],
      left: [
        { item: 2, why: '2 is even' },
        { item: 4, why: '4 is even' },
      ],
    });
  });

  it('goes on after a refusal, and tells of each', async () => {
    const told: Outcome<string>[] = [];
    const act = async (one: string) => {
      if (one === 'b') throw new Error('no');
    };
    await forEach(['a', 'b', 'c'], act, (outcome) => told.push(outcome));
    expect(told.map((one) => [one.item, one.error instanceof Error])).toEqual(
      expect.arrayContaining([
        ['a', false],
        ['b', true],
        ['c', false],
      ]),
    );
    expect(told).toHaveLength(3);
  });

  it('does a few at a time', async () => {
    let [now, most] = [0, 0];
    const act = async () => {
      now += 1;
      most = Math.max(most, now);
      await Promise.resolve();
      now -= 1;
    };
    await forEach([1, 2, 3, 4, 5, 6], act, () => {}, 2);
    expect(most).toBe(2);
    await forEach([], act, () => expect.fail('nothing was to be told'));
  });
});
