import type { AnyReport } from '../report.ts';

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

/** The values of `--format`. Only the one that is asked for is loaded. */
export const renderers = {
  text: async () => (await import('./text.ts')).renderText,
  json: async () => (await import('./json.ts')).renderJson,
  ndjson: async () => (await import('./ndjson.ts')).renderNdjson,
} satisfies Record<string, () => Promise<Renderer>>;
