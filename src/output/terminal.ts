/** What kind of screen or file the output goes to: the one place that decides about colour, width and signs. */
import { stripVTControlCharacters } from 'node:util';
import type { RenderOptions } from './render-options.ts';

/** The part of a stream that matters here. */
interface Screen {
  isTTY?: boolean;
  columns?: number;
}

/** Columns where nobody says otherwise: a pipe, a file, a log. */
const DEFAULT_WIDTH = 80;

/**
 * Colour: `--color` and `--no-color` decide; else NO_COLOR (no-color.org), else FORCE_COLOR, else whether it is a terminal that is not dumb. Signs
 * beyond ASCII need a UTF-8 locale.
 */
export function renderOptionsFor(
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
  color: boolean | null,
): RenderOptions {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  const byEnvironment = NO_COLOR ? false : FORCE_COLOR ? FORCE_COLOR !== '0' : screen.isTTY === true && TERM !== 'dumb';
  return {
    width: screen.isTTY === true && screen.columns !== undefined && screen.columns > 0 ? screen.columns : DEFAULT_WIDTH,
    color: color ?? byEnvironment,
    unicode: /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''),
  };
}

/** A part of a terminal that is drawn again and again in the same place, below lines that stay. */
export interface Live {
  /** Writes a line, or several, above what is drawn. */
  above(text: string): void;
  /** Draws these lines in place of those before. They must fit the width. */
  draw(lines: readonly string[]): void;
  /** Takes it away. */
  clear(): void;
}

/** Lines that a terminal of so many columns needs for a text of this length. */
const linesFor = (length: number, columns: number): number => Math.max(1, Math.ceil(length / Math.max(1, columns)));

/** Begins to draw at the cursor. `columns` is asked anew each time: after the window became narrower, what was drawn takes more lines. */
export function openLive(write: (text: string) => void, columns: () => number): Live {
  let drawn: number[] = [];
  let last: readonly string[] = [];
  const erase = (): string => {
    const height = drawn.reduce((sum, length) => sum + linesFor(length, columns()), 0);
    return height === 0 ? '' : `\u001b[${height}A\r\u001b[J`;
  };
  const draw = (before: string, lines: readonly string[]): void => {
    write(`${erase()}${before}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.map((line) => stripVTControlCharacters(line).length);
    last = lines;
  };
  return { above: (text) => draw(text, last), draw: (lines) => draw('', lines), clear: () => draw('', []) };
}
