import type { Keepalive } from '../report/values.ts';
import type { Limit } from './hop.ts';
import type { Confidence } from './preset.ts';

/** The values to write into a library's switches. A user timeout of 0 is left to the host. */
export type SwitchValues = Pick<Keepalive, 'idleMs' | 'intervalMs' | 'count' | 'userTimeoutMs'>;

/** One of `stacks/`. */
export type Stack = StackFacts & {
  /** The name of the file that holds it. */
  id: string;
};

/** How a fact about a stack is known; `observed`: it was run, and its sockets looked at. */
export type StackConfidence = Confidence | 'observed';

/** Where facts were read. `confidence` left out: they were read there. */
type Sourced =
  | { source: string; confidence?: StackConfidence }
  | { source: null; confidence: Exclude<StackConfidence, 'verified-by-reading'> };

/** What is known about one runtime, library or server. */
export type StackFacts = Sourced & {
  name: string;
  /** The schemes of targets that it speaks to; left out: none that kaprobe knows, or it only accepts connections. */
  schemes?: readonly string[];
  /** Of the stacks for a scheme those of a lower rank are shown first; left out: behind all that have one. */
  rank?: number;
  /** What the names of its processes begin with, up to a digit or sign; left out: they tell nothing. No two stacks share one. */
  processes?: readonly string[];
  note?: string;
  /** TCP keepalive as its sockets have it unless it is told otherwise. Left out: not known. */
  keepalive?: DefaultKeepalive;
  /** Complete lines that switch TCP keepalive on with these values, in the library's own units; capitals stand for the user's own. Left out: there are none, or they are not known. */
  switchOn?(values: SwitchValues): string[];
  /** How it keeps HTTP connections; left out: it has nothing to do with HTTP, or nothing is known. */
  http?: HttpFacts;
};

/** How a product keeps HTTP connections unless it is told otherwise. */
interface HttpFacts {
  /** What it is; left out: the name of the stack, which elsewhere is about how it sets TCP keepalive. */
  product?: string;
  /** Other names that it goes by on a command line. */
  aliases?: readonly string[];
  /** What its header Server matches; left out: nothing of its own. */
  serverHeader?: RegExp;
  /** The place that the line of `write.idleClose` belongs to, as a remedy names it. */
  where?: string;
  /** Towards those that connect to it; left out: it is a client. */
  server?: HttpServerFacts;
  /** Towards those that it connects to; left out: it is an origin. */
  client?: HttpClientFacts;
  /** Lines that set what the rules ask for. */
  write?: HttpSwitches;
}

/** A default and the name of the setting that changes it; null: there is none. */
export interface HttpFact<T> {
  value: T;
  setting: string | null;
}

/** TCP keepalive as sockets have it; null: off, `host`: on, with the timers of the network namespace. */
type DefaultKeepalive = Pick<Keepalive, 'idleMs' | 'intervalMs' | 'count'> | 'host' | null;

/** What is left out is not known. */
interface HttpServerFacts {
  /** false: it closes after each response. */
  reuse?: boolean;
  idleClose?: HttpFact<Limit>;
  maxRequests?: HttpFact<Limit>;
  maxAge?: HttpFact<Limit>;
  announcesClose?: boolean;
  /** What it promises in `Keep-Alive: timeout=`. */
  hintMs?: number;
}

/** What is left out is not known. */
interface HttpClientFacts {
  poolIdle?: HttpFact<Limit>;
  poolSize?: HttpFact<Limit>;
  /** How long it waits for a response, or for its next part. */
  responseTimeout?: HttpFact<Limit>;
  /** Whether it gives up earlier than the server's hint says. */
  honoursHint?: boolean;
  retries?: 'none' | 'idempotent' | 'unwritten';
  /** Left out: as on its other sockets. */
  tcpKeepalive?: DefaultKeepalive;
}

/** Where a line is to stand. */
export type LinePlace = 'file' | 'command-line';

/** Each returns complete lines in the product's own syntax; one that is left out cannot be set. */
export interface HttpSwitches {
  /** Rounded up to the product's unit. */
  idleClose?(ms: number, place: LinePlace): string[];
  /** Sets the idle close, and the shorter time that the hint promises, both rounded down. */
  promise?(closeMs: number, hintMs: number): string[];
  /** Rounded down to the product's unit. */
  poolIdle?(ms: number): string[];
  /** Connections that it holds at once. */
  capacity?(count: number, place: LinePlace): string[];
  /** Switches reuse of connections to the next hop on. */
  reuse?(): string[];
  /** How long the pool that comes with `reuse` keeps idle connections. */
  poolIdleOnceReusedMs?: number;
  /** Switches reuse on for the connections that it accepts. */
  keepOpen?(place: LinePlace): string[];
  /** Closes each connection to the next hop after its response. */
  noReuse?(): string[];
  /** Sends again only what may be sent twice. */
  retrySafely?(): string[];
  poolSize?(count: number): string[];
  /** Requests on one connection to the next hop. */
  poolRequests?(count: number): string[];
  responseTimeout?(ms: number): string[];
  /** TCP keepalive towards the next hop. */
  tcpKeepalive?(values: SwitchValues): string[];
  /** TCP keepalive on accepted connections. */
  tcpKeepaliveOnAccepted?(values: SwitchValues): string[];
}

/** The kernel's unit of TCP_KEEPIDLE and TCP_KEEPINTVL (tcp(7)), which takes nothing below 1. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}

/** Seconds that last at least that long: for a timeout that is to outlast another. */
export function secondsUp(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** Seconds that last at most that long, and at least one: for a timeout that is to be over before another. */
export function secondsDown(ms: number): number {
  return Math.max(1, Math.floor(ms / 1000));
}

/** What Go 1.23 and later sets (src/net/dial.go). */
export const GO_KEEPALIVE = { idleMs: 15_000, intervalMs: 15_000, count: 9 } as const;
/** What libuv sets once Node asks for keepalive with a delay of a second. */
export const LIBUV_KEEPALIVE = { idleMs: 1000, intervalMs: 1000, count: 10 } as const;
/** The part of it that most libraries on Node leave as it is. */
export const LIBUV_PROBES = 'libuv then probes every 1 s and gives up after 10 probes';
