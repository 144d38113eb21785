import { describe, expect, it } from 'vitest';
import { fieldOf, lineOf } from '../lib/field-of';
import { difference, eventWord, fieldWord, nameIn } from './audit';
import { isKnownPermission, isPredefined, PERMISSIONS, permissionName, rightNames } from './permissions';

describe('events', () => {
  it('are told in words, also those that nobody thought of', () => {
    expect(eventWord('role.update', 'role')).toBe('role changed');
    expect(eventWord('rights.delete', 'principal')).toBe('workspace rights removed');
    expect(eventWord('user.login-failed', 'user')).toBe('user sign-in failed');
    expect(eventWord('session.create', 'session')).toBe('signed in to the console');
    expect(eventWord('moon-phase.turn-over', 'moon-phase')).toBe('moon phase turn over');
    expect([fieldWord('protectedUpdate'), fieldWord('name')]).toEqual(['protected update', 'name']);
  });

  it('are about the name they tell, else about the id', () => {
    expect(nameIn({ name: 'watch' }, 'id')).toBe('watch');
    expect(nameIn({ login: 'ada' }, 'id')).toBe('ada');
    expect([nameIn({ name: '' }, 'id'), nameIn({ name: 7 }, 'id'), nameIn(undefined, 'id')]).toEqual([
      'id',
      'id',
      'id',
    ]);
  });

  it('tell what differs first, and lists whatever their order', () => {
    const rows = difference(
      { name: 'watch', permissions: ['A', 'B'], roles: ['x', 'y'], active: true },
      { name: 'watch', permissions: ['B', 'C'], roles: ['y', 'x'], note: { by: 'ada' } },
    );
    expect(rows.map((row) => [row.field, row.changed])).toEqual([
      ['permissions', true],
      ['active', true],
      ['note', true],
      ['name', false],
      ['roles', false],
    ]);
    expect(rows.find((row) => row.field === 'active')).toMatchObject({ before: ['true'], after: [] });
    expect(rows.find((row) => row.field === 'note')?.after).toEqual(['by: ada']);
    expect(difference(undefined, undefined)).toEqual([]);
  });

  it('tell steps in words, and what the event itself did without a before', () => {
    const rows = difference(
      { steps: [{ name: 'load', tasks: ['one (1)'] }], change: { added: ['ada'] } },
      {
        steps: [{ name: 'load', tasks: ['one (1)', 'two (2)'], onFailure: { tasks: [], plans: ['p (3)'] } }],
        change: { removed: ['bob'], newValues: ['password'] },
        leftOut: { steps: 60 },
      },
    );
    expect(rows.map((row) => [row.field, row.changed])).toEqual([
      ['steps', true],
      ['change', false],
      ['leftOut', false],
    ]);
    expect(rows[0]).toMatchObject({
      before: ['name: load; tasks: one (1)'],
      after: ['name: load; tasks: one (1), two (2); on failure: plans: p (3)'],
    });
    expect(rows[1]).toMatchObject({ before: [], after: ['removed: bob', 'new values: password'] });
    expect(rows[2]?.after).toEqual(['steps: 60']);
  });
});

describe('permissions', () => {
  it('have one name each, and foreign ones keep their id', () => {
    const all = PERMISSIONS.flatMap((group) => group.list);
    expect(new Set(all.map((one) => one.id)).size).toBe(all.length);
    expect(new Set(all.map((one) => one.name)).size).toBe(all.length);
    expect(permissionName('TDS_OWNER')).toBe('TDS_OWNER');
    expect([isKnownPermission('TMC_OPERATOR'), isKnownPermission('TDS_OWNER')]).toEqual([true, false]);
  });

  it('know which roles nobody can change', () => {
    expect(['Operator', 'Operator (predefined)', 'Operators', 'Operator, ours'].map(isPredefined)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('list rights in one order', () => {
    expect(rightNames(['AUTHOR', 'VIEW'])).toBe('view, author');
    expect(rightNames([])).toBe('none');
  });
});

describe('refusals', () => {
  it('are shown at the field they name', () => {
    expect(fieldOf('name: a role x exists already')).toEqual({
      path: 'name',
      field: 'name',
      text: 'A role x exists already',
    });
    expect(fieldOf('ips[1].description: is too long')).toEqual({
      path: 'ips[1].description',
      field: 'description',
      text: 'Is too long',
    });
    expect(fieldOf('[0].ip: is missing')).toEqual({ path: 'ip', field: 'ip', text: 'Is missing' });
    expect(fieldOf('firstName must not be empty')).toEqual({
      path: 'firstName',
      field: 'firstName',
      text: 'Must not be empty',
    });
    for (const plain of ['there is no such path', 'the role is held by 2 users: take it from them', '']) {
      expect(fieldOf(plain)).toBeUndefined();
    }
  });

  it('of a line stand at it', () => {
    const lines = ['10.0.0.1', ' 10.0.0.2 ', '10.0.0.2'];
    expect(lineOf('ips[1].ip: is no address', lines)).toEqual({ line: 1, field: 'ip', text: 'Is no address' });
    expect(lineOf('[0].name must not be empty')).toEqual({ line: 0, field: 'name', text: 'Must not be empty' });
    expect(lineOf('ip: 10.0.0.2 is in the list already', lines)?.line).toBe(2);
    expect(lineOf('ip: 10.9.9.9 is in the list already', lines)).toBeUndefined();
    expect(lineOf('description: is too long', lines)).toBeUndefined();
  });
});
