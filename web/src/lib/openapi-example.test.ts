import { expect, it } from 'vitest';
import { lineDiff } from './line-diff';
import { exampleOf } from './openapi-example';

it('makes a body of what a schema needs', () => {
  const known = {
    Trigger: {
      type: 'object',
      required: ['type', 'startDate', 'next'],
      properties: {
        type: { type: 'string', enum: ['DAILY', 'CRON'] },
        startDate: { type: 'string', format: 'date' },
        interval: { type: 'integer', minimum: 1 },
        next: { $ref: '#/components/schemas/Trigger' },
      },
    },
  };
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      on: { type: ['boolean', 'null'] },
      ids: { type: 'array', items: { type: 'string' } },
      trigger: { allOf: [{ $ref: '#/components/schemas/Trigger' }] },
    },
  };
  const inner = { type: 'DAILY', startDate: '2030-01-01' };
  expect(exampleOf(schema, known)).toEqual({
    name: '',
    on: false,
    ids: [''],
    trigger: { ...inner, next: { ...inner, next: { ...inner, next: {} } } },
  });
  expect(exampleOf(undefined, {})).toEqual({});
});

it('says line by line how texts differ', () => {
  const said = lineDiff(['{', 'a', 'b', 'c', '}'], ['{', 'b', 'x', 'c', 'd', '}']).map(({ sign, text }) => sign + text);
  expect(said).toEqual([' {', '-a', ' b', '+x', ' c', '+d', ' }']);
  expect(lineDiff(['a'], ['a'])).toEqual([{ sign: ' ', text: 'a' }]);
  expect(lineDiff([], ['a']).map(({ sign }) => sign)).toEqual(['+']);
  // What is too long to be matched is shown whole.
  const long = Array.from({ length: 2_100 }, (_, at) => `${at}`);
  const other = long.map((one) => `${one}!`);
  expect(lineDiff(long, other)).toHaveLength(4_200);
});
