import { expect, test } from 'vitest';
import { wrap } from '../../src/output/text-layout.ts';

test.each([
  ['silent for 1 m 13 s, then', 14, ['silent for 1 m', '13 s, then']],
  ['forgets after 30 m', 17, ['forgets after', '30 m']],
  ['takes 1.5 % of it', 9, ['takes', '1.5 % of', 'it']],
  ['a s b', 3, ['a s', 'b']],
  ['12 more', 4, ['12', 'more']],
])('%j breaks at %d so that no number loses its unit', (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});
