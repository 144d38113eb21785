import { describe, expect, it } from 'vitest';
import { size } from './infra';

describe('sizes', () => {
  it('are in the unit people read', () => {
    expect(size(11)).toBe('11 bytes');
    expect(size(1536)).toBe('1.5 KiB');
    expect(size(105 * 1024 * 1024)).toBe('105 MiB');
    expect(size(3 * 1024 ** 4)).toBe('3072 GiB');
  });
});
