import type { Duplex } from 'node:stream';
import { waitFor } from '../../base/deadline.ts';
import type { ApplicationReply, Conversation, Ended } from './application.ts';

/** How long a text of the peer may be. */
const LONGEST_TEXT = 200;

/** What a protocol made of the bytes that arrived. */
export type Answer = Extract<ApplicationReply, { kind: 'refused' }> | { kind: 'replied'; summary: string };

/** A protocol without connection and clock. It keeps no more of the peer's bytes than it says. */
export interface Dialogue {
  /** Says the next request. Called only when the last one has been answered. */
  ask(): void;
  /** Takes what arrived, asked for or not. */
  receive(bytes: Uint8Array): void;
  /** What the peer has said unasked since the last reply, in one line; null when nothing. */
  lastWords(): string | null;
  /** Lets everything go: the connection is over. */
  close(): void;
}

/** What a dialogue is given to speak with. */
export interface Channel {
  send(bytes: Uint8Array): void;
  /** Tells what the peer's bytes mean: `replied` once for every request, `refused` at any time, as the last word. */
  answer(answer: Answer): void;
}

/** Holds a dialogue on a stream: requests one after the other, each bounded in time, and how the stream ends. */
export function converse(stream: Duplex, speak: (channel: Channel) => Dialogue): Conversation {
  let final: Extract<ApplicationReply, { kind: 'refused' }> | Omit<Ended, 'afterMs'> | null = null;
  let underWay = false;
  let tell: ((news: Answer | Omit<Ended, 'afterMs'>) => void) | null = null;

  const dialogue = speak({
    send: (bytes) => {
      if (stream.writable) stream.write(bytes);
      else onClose();
    },
    answer: (answer) => {
      if (final !== null) return;
      underWay = false;
      if (answer.kind === 'refused') final = answer;
      tell?.(answer);
    },
  });
  const end = (how: Ended['how'], error: string | null): void => {
    if (final !== null) return;
    final = { kind: 'ended', how, error, lastWords: dialogue.lastWords() };
    dialogue.close();
    tell?.(final);
  };
  const onData = (bytes: Uint8Array): void => {
    if (final === null) dialogue.receive(bytes);
  };
  const onEnd = (): void => end('closed', null);
  const onError = (error: NodeJS.ErrnoException): void => {
    const name = error.code ?? oneLine(error.message);
    end(name === 'ECONNRESET' || name === 'EPIPE' ? 'reset' : 'failed', name);
  };
  const onClose = (): void => end('failed', 'ERR_STREAM_DESTROYED'); // the peer's doing would have been an end or an error

  if (stream.errored !== null) onError(stream.errored);
  else if (stream.readableEnded) onEnd();
  else if (stream.destroyed) onClose();
  stream.on('error', onError);
  stream.on('end', onEnd);
  stream.on('close', onClose);
  stream.on('data', onData);

  return {
    request: async ({ timeoutMs, signal }) => {
      if (tell !== null) throw new RangeError('one request at a time');
      const startedAtMs = performance.now();
      const age = (): number => performance.now() - startedAtMs;
      const finish = (): void => {
        tell = null;
      };
      const late = (): ApplicationReply => ({ kind: 'silent', afterMs: age() });
      return waitFor<ApplicationReply>({ timeoutMs, signal, late, finish }, (settle) => {
        if (final !== null) return settle(final.kind === 'ended' ? { ...final, afterMs: null } : final);
        tell = (news) => settle(news.kind === 'refused' ? news : { ...news, afterMs: age() });
        if (underWay) return;
        underWay = true;
        dialogue.ask();
      });
    },
    close: () => {
      onClose();
      stream.removeListener('data', onData);
      stream.removeListener('end', onEnd);
      stream.removeListener('close', onClose);
      // Its owner may not listen, and an error that nobody hears ends the program.
      if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
      stream.removeListener('error', onError);
    },
  };
}

function ignore(): void {}

/** A refusal, for a reason that is complete as it stands. */
export function refused(reason: string): Answer {
  return { kind: 'refused', reason };
}

/** A text of the peer's as one line, without control characters, and not too long. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 4 * LONGEST_TEXT)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = [...line]; // not half of a surrogate pair
  return characters.length > LONGEST_TEXT ? `${characters.slice(0, LONGEST_TEXT - 3).join('')}...` : line;
}
