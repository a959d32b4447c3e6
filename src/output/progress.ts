import { printable } from './printable.ts';

export interface Progress {
  show(line: string): void;
  tell(line: string): void;
  clear(): void;
}

interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/**
 * The conversation on stderr. `show`: one line that replaces itself, once something takes more than a second; nothing unless that is a terminal.
 * `tell`: a line that stays.
 */
export function openProgress(stream: ProgressStream): Progress {
  const tell = (line: string): void => {
    stream.write(`kaprobe: ${printable(line)}\n`);
  };
  if (stream.isTTY !== true) return { show: () => {}, tell, clear: () => {} };
  const startedAtMs = performance.now();
  let shown = false;
  let latest = '';
  const wipe = (): void => {
    if (shown) stream.write('\r\u001b[K');
    shown = false;
  };
  const paint = (): void => {
    if (latest === '' || performance.now() - startedAtMs < 1000) return;
    stream.write(`\r\u001b[K${printable(latest).slice(0, (stream.columns || 80) - 1)}`);
    shown = true;
  };
  const timer = setInterval(paint, 250);
  timer.unref();
  return {
    show: (line) => {
      latest = line;
      paint();
    },
    tell: (line) => {
      wipe();
      tell(line);
    },
    clear: () => {
      clearInterval(timer);
      latest = '';
      wipe();
    },
  };
}
