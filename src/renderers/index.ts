import type { WatchEvent } from '../report/watch.ts';
import type { AnyReport } from '../report.ts';
import { renderJson } from './json.ts';
import { renderNdjson } from './ndjson.ts';
import { renderEventText } from './text/watch.ts';
import { renderText } from './text.ts';

export { renderView } from './text/watch.ts';

/** Where the rendered report will be shown. */
export interface RenderOptions {
  /** Columns. */
  width: number;
  color: boolean;
  /** Whether the reader's locale can show more than ASCII. */
  unicode: boolean;
}

/** One output format: the whole document, ending in a newline; a long one in parts, in UTF-8, each of which holds until the next is asked for. */
export type Renderer = (report: AnyReport, options: RenderOptions) => string | Iterable<Uint8Array>;

/** The values of `--format`. */
export const renderers = {
  text: renderText,
  json: renderJson,
  ndjson: renderNdjson,
} satisfies Record<string, Renderer>;

/** How each format writes an event as it happens: whole lines, or null where only the report is written. */
export const eventRenderers = {
  text: renderEventText,
  json: null,
  ndjson: renderNdjson,
} satisfies Record<keyof typeof renderers, ((event: WatchEvent, options: RenderOptions) => string) | null>;
