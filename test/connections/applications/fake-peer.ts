import { Duplex } from 'node:stream';

/** A connection without a network, and the hand of its far end. */
export interface FakePeer {
  stream: Duplex;
  /** What was written to the connection, and not yet taken by `heard`. */
  heard(): Promise<string>;
  say(text: string | Uint8Array): void;
  /** Sends a FIN. */
  finish(): void;
  /** Ends the connection with an errno. */
  fail(errno: string): void;
  /** How many listeners the connection has, those of Node's own included. */
  listenerCount(): number;
}

export function fakePeer(): FakePeer {
  let written: Uint8Array[] = [];
  let wake = (): void => {};
  const stream = new Duplex({
    read: () => {},
    write: (bytes: Uint8Array, _encoding, done) => {
      written.push(bytes);
      wake();
      done();
    },
  });
  return {
    stream,
    heard: async () => {
      while (written.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const text = Buffer.concat(written).toString('latin1');
      written = [];
      return text;
    },
    say: (text) => stream.push(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
    finish: () => stream.push(null),
    fail: (errno) => stream.destroy(Object.assign(new Error(errno), { code: errno })),
    listenerCount: () => stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0),
  };
}

/** Lets the streams pass on what they have been given. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** For a request that is not to be cut short. */
export const patient = (): { timeoutMs: number; signal: AbortSignal } => ({
  timeoutMs: 60_000,
  signal: new AbortController().signal,
});

/** Cuts bytes into pieces of the sizes given, again and again. */
export function inPieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % Math.max(1, sizes.length)] ?? bytes.length);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
