/** What kind of screen or file the output goes to: the one place that decides about colour, width and signs. */
import type { RenderOptions } from './renderers/index.ts';

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
