import { expect, it } from 'vitest';
import { parseDescriptorLimit } from '../../src/linux/descriptor-limit.ts';

it('reads the soft limit', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n';
  expect(parseDescriptorLimit(text)).toBe(1024);
});

it('knows none where there is none', () => {
  expect(
    parseDescriptorLimit('Max open files            unlimited            unlimited            files     \n'),
  ).toBeNull();
  expect(parseDescriptorLimit('')).toBeNull();
});
