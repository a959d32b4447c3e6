import type { WatchEvent } from '../report/watch.ts';
import type { RenderOptions, renderers } from './index.ts';
import { renderNdjson } from './ndjson.ts';
import { renderEventText } from './text/watch.ts';

export { renderView } from './text/watch.ts';

/** How each format writes an event as it happens: whole lines, or null where only the report is written. */
export const eventRenderers = {
  text: renderEventText,
  json: null,
  ndjson: renderNdjson,
} satisfies Record<keyof typeof renderers, ((event: WatchEvent, options: RenderOptions) => string) | null>;
