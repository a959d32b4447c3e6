/** How a product treats the connections that it accepts and opens: the values, and where each comes from. */
import type { Keepalive, Unmeasured } from '../report/values.ts';

/** Where a value of a hop was read. */
export type ChainSource =
  /** In a configuration file: the path as it was given or as an include named it, and the line, counted from 1. */
  | { kind: 'file'; file: string; line: number }
  /** On the hop's command line, as it was given: `--keep-alive 75`. */
  | { kind: 'command-line'; text: string }
  /** Given to kaprobe: the flag or the key. */
  | { kind: 'flag'; text: string }
  /** The default that the product ships with. `detail` says which version, and why this one holds. */
  | { kind: 'default'; id: string; detail: string }
  /** Measured on the running server, `lowerMs` to `upperMs`. */
  | { kind: 'measured'; url: string; lowerMs: number; upperMs: number };

/** A value and where it comes from. */
export interface ChainValue<T> {
  value: T;
  source: ChainSource;
  /** The name of the setting in the product's own words, such as `keepalive_timeout`; null when it has none. */
  setting: string | null;
}

/** As in ChainValue, or why it is not known. */
export type MaybeChainValue<T> = ChainValue<T> | Unmeasured;

/** Reports whether a value is known; null stands where a hop has no such value. */
export function isKnown<V extends ChainValue<unknown>>(value: V | Unmeasured | null): value is V {
  return value !== null && !('kind' in value);
}

/** `never`: it has no limit of this kind, so it never closes for it. */
export type Limit = number | 'never';

/** A limit in numbers; null: there is none, or it is not known. */
export function finiteLimit(value: MaybeChainValue<Limit> | null): number | null {
  return isKnown(value) && value.value !== 'never' ? value.value : null;
}

/** The timers of TCP keepalive; null: it is off. */
export type ProbeTimers = Pick<Keepalive, 'idleMs' | 'intervalMs' | 'count'> | null;

/** How a hop treats the connections that it accepts. */
export interface ChainServerSide {
  /** Whether a connection is kept open after a response at all. */
  reuse: MaybeChainValue<boolean>;
  /** An accepted connection that idles is closed after this many milliseconds. */
  idleCloseMs: MaybeChainValue<Limit>;
  /** Requests on one connection before it is closed. */
  maxRequests: MaybeChainValue<Limit>;
  /** What `maxRequests` counts: those of one connection, which is meant where this is left out, or those of a worker that then ends. */
  requestLimitOf?: 'connection' | 'worker';
  /** A connection is closed after its next response once it is this old. */
  maxAgeMs: MaybeChainValue<Limit>;
  /** What it promises in `Keep-Alive: timeout=`; null or left out: nothing, or not known. */
  hintMs?: ChainValue<number> | null;
  /** Whether a close for `maxRequests` or `maxAgeMs` is announced by `Connection: close` in the last response. */
  announcesClose: boolean | null;
  /** Connections (workers, threads) that it can hold at once, busy or idle; null: not known or no such limit. */
  capacity: MaybeChainValue<number> | null;
  /** Whether idle connections leave room for new ones when it is full: it closes some, or keeps fewer than it holds. Left out: not known. */
  makesRoom?: boolean;
  /** After how long it gives up on a request of its own accord (gunicorn's `timeout`); null: not known or no such limit. */
  requestTimeoutMs: MaybeChainValue<Limit> | null;
  /** Whether it switches TCP keepalive on for accepted connections. */
  tcpKeepalive: MaybeChainValue<ProbeTimers>;
}

/** How a hop treats the connections that it opens to the next one. */
export interface ChainClientSide {
  /** Whether it sends a second request on a connection to the next hop. */
  reuse: MaybeChainValue<boolean>;
  /** Why it does not; null when it does. */
  noReuseBecause: 'http-1.0' | 'connection-close' | 'no-pool' | 'single-use' | null;
  /**
   * Whether its requests have the next hop close after the response, by HTTP/1.0 or `Connection: close`, whatever else keeps it from reuse;
   * null or left out: not known.
   */
  asksToClose?: boolean | null;
  /** An idle connection of its pool is given up after this many milliseconds. */
  poolIdleMs: MaybeChainValue<Limit>;
  /** Idle connections that it keeps, in all of its processes; null: not known. */
  poolSize: MaybeChainValue<Limit> | null;
  maxRequests: MaybeChainValue<Limit>;
  maxAgeMs: MaybeChainValue<Limit>;
  /** Whether it honours the `Keep-Alive: timeout=` hint of the next hop, by giving up earlier than that. */
  honoursHint: boolean | null;
  /** Which requests it sends again on a new connection when a reused one turns out closed. `all`: POST and its like too. */
  retries: 'none' | 'idempotent' | 'unwritten' | 'all' | 'unknown';
  /** How long it waits for a response, or for its next part (nginx's `proxy_read_timeout`); null: not known. */
  responseTimeoutMs: MaybeChainValue<Limit> | null;
  tcpKeepalive: MaybeChainValue<ProbeTimers>;
}
