import type { HopFacts, PairFacts } from '../../../src/commands/chain/facts.ts';
import { judgePairs } from '../../../src/commands/chain/pairs/judged-pair.ts';
import type { ChainHop } from '../../../src/commands/chain/report.ts';
import { linesFor, type WantedSetting } from '../../../src/commands/chain/write.ts';
import type { ChainClientSide, ChainServerSide, ChainSource, ChainValue } from '../../../src/knowledge/hop.ts';
import { unmeasured } from '../../../src/report/values.ts';

/** A value that stands in a file. */
export function inFile<T>(value: T, place: string, setting: string | null = null): ChainValue<T> {
  const [file = '', line] = place.split(':');
  return { value, source: { kind: 'file', file, line: Number(line) }, setting };
}

/** A value that was given to kaprobe. */
export function given<T>(value: T, text = 'given'): ChainValue<T> {
  return { value, source: { kind: 'flag', text } satisfies ChainSource, setting: null };
}

export const NOT_KNOWN = unmeasured('nobody said');

/** Keeps connections open and closes them after 75 s idle (app.py:3); everything else has no limit or is not known. */
function serverSide(different: Partial<ChainServerSide> = {}): ChainServerSide {
  return {
    reuse: given(true),
    idleCloseMs: inFile<number | 'never'>(75_000, 'app.py:3', 'keepalive'),
    maxRequests: given<number | 'never'>('never'),
    maxAgeMs: given<number | 'never'>('never'),
    announcesClose: null,
    capacity: null,
    requestTimeoutMs: null,
    tcpKeepalive: given(null),
    ...different,
  };
}

/** Pools connections and gives them up after 60 s idle (proxy.conf:7). */
function clientSide(different: Partial<ChainClientSide> = {}): ChainClientSide {
  return {
    reuse: given(true),
    noReuseBecause: null,
    poolIdleMs: inFile<number | 'never'>(60_000, 'proxy.conf:7', 'keepalive_timeout'),
    poolSize: null,
    maxRequests: given<number | 'never'>('never'),
    maxAgeMs: given<number | 'never'>('never'),
    honoursHint: null,
    retries: 'unknown',
    responseTimeoutMs: null,
    tcpKeepalive: given(null),
    ...different,
  };
}

function hop(name: string, role: ChainHop['role'], rest: Partial<ChainHop>): ChainHop {
  return {
    name,
    origin: { kind: 'flag' },
    role,
    product: name,
    server: null,
    client: null,
    middlebox: null,
    replaced: null,
    doubts: [],
    ...rest,
  };
}

export const clientHop = (client: Partial<ChainClientSide> = {}, rest: Partial<ChainHop> = {}): ChainHop =>
  hop('client', 'client', { client: clientSide(client), ...rest });

export const proxyHop = (client: Partial<ChainClientSide> = {}, rest: Partial<ChainHop> = {}): ChainHop =>
  hop('proxy', 'proxy', { server: serverSide(), client: clientSide(client), ...rest });

export const appHop = (server: Partial<ChainServerSide> = {}, rest: Partial<ChainHop> = {}): ChainHop =>
  hop('app', 'app', { server: serverSide(server), ...rest });

/** Forgets after that time; keepalive refreshes it. */
export const boxHop = (idleTimeoutMs: number, keepaliveRefreshes: boolean | null = true): ChainHop =>
  hop('box', 'middlebox', { middlebox: { idleTimeoutMs: given(idleTimeoutMs), keepaliveRefreshes } });

/** What is known of two hops, and of what stands between them. The sender is written as nginx is, the receiver as gunicorn is. */
export function pairFacts(
  sender: ChainHop,
  receiver: ChainHop,
  rest: Partial<Omit<PairFacts, 'kind' | 'pair'>> & { boxes?: ChainHop[] } = {},
): PairFacts {
  const { boxes = [], marginMs = 2000, requestsPerSecond = null, syntax = SYNTAX } = rest;
  const [pair] = judgePairs([sender, ...boxes, receiver], marginMs);
  if (pair === undefined) throw new Error('the test needs both sides');
  return { kind: 'pair', pair, marginMs, requestsPerSecond, syntax };
}

export const hopFacts = (hop: ChainHop): HopFacts => ({ kind: 'hop', hop });

const SYNTAX: PairFacts['syntax'] = {
  sender: { kind: 'stack', id: 'nginx' },
  receiver: { kind: 'stack', id: 'gunicorn' },
};

/** The lines that set this at one end. Throws where the product has none: the test would compare nothing with nothing. */
export function lines(end: 'sender' | 'receiver', wanted: WantedSetting, syntax = SYNTAX): string[] {
  const written = linesFor(syntax, end, wanted);
  if (written.length === 0) throw new Error(`nothing is written for ${wanted.set}`);
  return written;
}
