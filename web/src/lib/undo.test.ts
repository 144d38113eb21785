import { afterEach, describe, expect, it } from 'vitest';
import { forget, heard, takeBack, undoable } from './undo';

afterEach(() => forget());

describe('what can be taken back', () => {
  it('is taken back once, however often it is asked for', async () => {
    let paused = false;
    let calls = 0;
    await undoable(
      'paused',
      async () => {
        paused = true;
      },
      async () => {
        calls += 1;
        paused = false;
      },
    );
    expect(heard()?.text).toBe('paused');
    await Promise.all([takeBack('undone'), takeBack('undone')]);
    expect([paused, calls, heard()?.text, heard()?.back]).toEqual([false, 1, 'undone', undefined]);
  });

  it('is not offered for what was refused, and a refused undo says why', async () => {
    const refuse = async () => {
      throw new Error('somebody else removed it');
    };
    await undoable('never said', refuse, async () => undefined);
    expect(heard()).toMatchObject({ text: '', back: undefined, error: new Error('somebody else removed it') });
    await undoable('done', async () => undefined, refuse);
    await takeBack('undone');
    expect(heard()).toMatchObject({ text: '', error: new Error('somebody else removed it') });
  });

  it('stays when an older one runs out', async () => {
    await undoable(
      'first',
      async () => undefined,
      async () => undefined,
    );
    const first = heard()?.number;
    await undoable(
      'second',
      async () => undefined,
      async () => undefined,
    );
    forget(first);
    expect(heard()?.text).toBe('second');
    forget(heard()?.number);
    expect(heard()).toBeUndefined();
  });
});
