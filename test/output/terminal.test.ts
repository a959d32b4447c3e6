import { describe, expect, test } from 'vitest';
import { openLive, renderOptionsFor } from '../../src/output/terminal.ts';

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

describe('what is drawn again in the same place', () => {
  /** What a terminal of so many columns shows of what was written: it knows line feeds, cursor up, and erasing to the end. */
  function screen(columns: { now: number }): { write(text: string): void; lines(): string[] } {
    let lines = [''];
    let at = 0;
    const write = (text: string): void => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that are understood
      for (const [part, up] of text.matchAll(/\u001b\[(\d+)A|\r|\u001b\[J|\n|[^\u001b\r\n]+/g)) {
        if (up !== undefined) at = Math.max(0, at - Number(up));
        else if (part === '\u001b[J') lines = [...lines.slice(0, at), ''];
        else if (part === '\n') {
          at += 1;
          lines[at] ??= '';
        } else if (part !== '\r') {
          const pieces = part.match(new RegExp(`.{1,${columns.now}}`, 'g')) ?? [];
          for (const [index, piece] of pieces.entries()) {
            if (index > 0) at += 1;
            lines[at] = piece;
          }
        }
      }
    };
    return { write, lines: () => lines.slice(0, -1) };
  }

  test('replaces what was there, and leaves the lines above it', () => {
    const columns = { now: 40 };
    const { write, lines } = screen(columns);
    const live = openLive(write, () => columns.now);
    live.draw(['one', 'two']);
    live.above('event\n');
    expect(lines()).toEqual(['event', 'one', 'two']);
    live.draw(['three']);
    expect(lines()).toEqual(['event', 'three']);
    live.above('another\n');
    live.draw([]);
    live.draw(['four', 'five']);
    expect(lines()).toEqual(['event', 'another', 'four', 'five']);
    live.clear();
    expect(lines()).toEqual(['event', 'another']);
  });

  test('knows that its lines take more room once the window is narrower', () => {
    const columns = { now: 40 };
    const texts: string[] = [];
    const live = openLive(
      (text) => texts.push(text),
      () => columns.now,
    );
    live.draw(['a'.repeat(39), 'b']);
    columns.now = 20;
    live.draw(['c']);
    expect(texts.at(-1)).toBe('\u001b[3A\r\u001b[Jc\n');
  });
});
