import { describe, expect, test } from 'vitest';
import { renderOptionsFor } from '../src/terminal.ts';

const terminal = { isTTY: true, columns: 132 };
const pipe = {};

describe('colour', () => {
  test.each<[what: string, screen: object, env: Record<string, string>, flag: boolean | null, color: boolean]>([
    ['a terminal has it', terminal, {}, null, true],
    ['a pipe has none', pipe, {}, null, false],
    ['a dumb terminal has none', terminal, { TERM: 'dumb' }, null, false],
    ['NO_COLOR switches it off', terminal, { NO_COLOR: '1' }, null, false],
    ['NO_COLOR=0 switches it off too, as no-color.org says', terminal, { NO_COLOR: '0' }, null, false],
    ['an empty NO_COLOR says nothing', terminal, { NO_COLOR: '' }, null, true],
    ['FORCE_COLOR switches it on', pipe, { FORCE_COLOR: '1' }, null, true],
    ['FORCE_COLOR switches it on in a dumb terminal', terminal, { FORCE_COLOR: '1', TERM: 'dumb' }, null, true],
    ['FORCE_COLOR=0 switches it off', terminal, { FORCE_COLOR: '0' }, null, false],
    ['an empty FORCE_COLOR says nothing', pipe, { FORCE_COLOR: '' }, null, false],
    ['NO_COLOR beats FORCE_COLOR', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, null, false],
    ['--color beats NO_COLOR', pipe, { NO_COLOR: '1' }, true, true],
    ['--no-color beats FORCE_COLOR', terminal, { FORCE_COLOR: '1' }, false, false],
  ])('%s', (_, screen, env, flag, color) => {
    expect(renderOptionsFor(screen, env, flag).color).toBe(color);
  });
});

describe('width', () => {
  test.each<[what: string, screen: object, width: number]>([
    ['a terminal has its own', terminal, 132],
    ['a pipe has 80', pipe, 80],
    ['a pipe that claims columns has 80', { columns: 200 }, 80],
    ['a terminal of unknown width has 80', { isTTY: true }, 80],
    ['a terminal that says 0 has 80', { isTTY: true, columns: 0 }, 80],
  ])('%s', (_, screen, width) => {
    expect(renderOptionsFor(screen, {}, null).width).toBe(width);
  });
});

describe('signs beyond ASCII', () => {
  test.each<[env: Record<string, string>, unicode: boolean]>([
    [{}, false],
    [{ LANG: 'C' }, false],
    [{ LANG: 'en_GB.UTF-8' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true],
    [{ LC_CTYPE: 'C.UTF-8', LC_ALL: 'POSIX' }, false],
    [{ LANG: 'en_GB.UTF-8', LC_ALL: '' }, true],
  ])('with %j: %s', (env, unicode) => {
    expect(renderOptionsFor(terminal, env, null).unicode).toBe(unicode);
  });
});
