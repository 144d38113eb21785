import { describe, expect, it } from 'vitest';
import { shownColumns, switched } from './columns';
import { toggled, toggledAll } from './use-chosen';

const all = [{ key: 'name', always: true }, { key: 'state' }, { key: 'id', seldom: true }];
const keys = (wanted?: string[]) => shownColumns(all, wanted).map((one) => one.key);

describe('the columns of a list', () => {
  it('are the usual ones until somebody chooses', () => {
    expect(keys()).toEqual(['name', 'state']);
    expect(keys([])).toEqual(['name']);
    expect(keys(['id', 'of a later version'])).toEqual(['name', 'id']);
  });

  it('are switched one by one, and keep their order', () => {
    expect(keys(switched(all, undefined, 'id'))).toEqual(['name', 'state', 'id']);
    expect(keys(switched(all, undefined, 'state'))).toEqual(['name']);
    expect(switched(all, ['of a later version'], 'id')).toEqual(['of a later version', 'id']);
  });
});

describe('a choice of rows', () => {
  const key = (one: string) => one;
  it('takes one row or all of them, and gives them back', () => {
    const one = toggled(new Map(), 'a', 'a');
    const both = toggledAll(one, ['a', 'b'], key);
    expect([...both.keys()]).toEqual(['a', 'b']);
    expect([...toggledAll(both, ['a', 'b'], key).keys()]).toEqual([]);
    expect([...toggled(both, 'a', 'a').keys()]).toEqual(['b']);
  });
});
