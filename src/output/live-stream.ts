import type { Format, LiveEvent, View } from './format.ts';
import type { RenderOptions } from './render-options.ts';
import { type Live, openLive } from './terminal.ts';

/** Where events go. */
interface LiveOutput {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string, done: (error?: Error | null) => void): unknown;
}

/** What a command tells before its report. */
export interface LiveStream {
  /** Aborts when nobody reads any more what is told. */
  readerGone: AbortSignal;
  emit(event: LiveEvent): void;
  /** null: there is no terminal to show it on. */
  show: ((state: unknown) => void) | null;
  /** Takes away what is shown. */
  end(): void;
}

/** Writes events as they happen, in the format asked for, and on a terminal a view of how things are below them. */
export function openLiveStream(
  output: LiveOutput,
  format: Format,
  view: View,
  isLive: boolean,
  options: () => RenderOptions,
): LiveStream {
  const readerGone = new AbortController();
  let live: Live | null = null;
  const write = (text: string): void => {
    if (readerGone.signal.aborted) return;
    output.write(text, (error) => {
      if (error != null) readerGone.abort(new Error('nobody reads any more'));
    });
  };
  const screen = (): Live => {
    live ??= openLive(write, () => output.columns || 80);
    return live;
  };
  const { screen: screenOf } = view;
  return {
    readerGone: readerGone.signal,
    emit: (event) => {
      const text = format.event?.(event, view, options());
      if (text === undefined) return;
      if (isLive) screen().above(text);
      else write(text);
    },
    show:
      isLive && screenOf !== undefined
        ? (state) => screen().draw(screenOf(state, options(), Math.max(1, (output.rows || 24) - 2)))
        : null,
    end: () => live?.clear(),
  };
}
