import type { AnyReport } from '../report.ts';
import { renderJson } from './json.ts';
import { renderText } from './text.ts';

/** Where the rendered report will be shown. */
export interface RenderOptions {
  /** Columns. */
  width: number;
  color: boolean;
  /** Whether the reader's locale can show more than ASCII. */
  unicode: boolean;
}

/** One output format: the whole document, ending in a newline. */
export type Renderer = (report: AnyReport, options: RenderOptions) => string;

/** The values of `--format`. */
export const renderers = {
  text: renderText,
  json: renderJson,
} satisfies Record<string, Renderer>;
