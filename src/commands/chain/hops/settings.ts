/** The settings of `--hop` and YAML: this table is the only place that knows what each is called, means, takes and sets. */
import { ParseError, UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import { parseDuration } from '../../../base/units.ts';
import type {
  ChainClientSide,
  ChainServerSide,
  ChainSource,
  ChainValue,
  Limit,
  ProbeTimers,
} from '../../../knowledge/hop.ts';
import { IDLE_TIMEOUT_BOUNDS } from '../../shared/options.ts';
import { following } from '../config/values.ts';
import type { ChainHop } from '../report.ts';

/** One `key=value` and where it stands. */
export interface GivenField {
  key: string;
  text: string;
  source: ChainSource;
}

/** One setting of a hop. */
export interface Setting {
  /** For the help. */
  meaning: string;
  /** The side that it is about: a hop without a role gets one by that. */
  of: 'server' | 'client' | 'both' | 'middlebox';
  /** Puts the setting over what is known. Throws where it does not fit the hop or cannot be read; `place` names the hop in the message. */
  put(hop: ChainHop, given: GivenField, place: string): ChainHop;
}

function ofServer(meaning: string, read: (given: GivenField) => Partial<ChainServerSide>): Setting {
  return {
    meaning,
    of: 'server',
    put(hop, given, place) {
      if (hop.server === null) throw notFor(hop, given, place);
      return { ...hop, server: { ...hop.server, ...read(given) } };
    },
  };
}

function ofClient(meaning: string, read: (given: GivenField) => Partial<ChainClientSide>): Setting {
  return {
    meaning,
    of: 'client',
    put(hop, given, place) {
      if (hop.client === null) throw notFor(hop, given, place);
      return { ...hop, client: { ...hop.client, ...read(given) } };
    },
  };
}

function ofMiddlebox(
  meaning: string,
  read: (given: GivenField) => Partial<NonNullable<ChainHop['middlebox']>>,
): Setting {
  return {
    meaning,
    of: 'middlebox',
    put(hop, given, place) {
      if (hop.middlebox === null) throw new UsageError(`${place}: ${given.key} is only for a middlebox`);
      return { ...hop, middlebox: { ...hop.middlebox, ...read(given) } };
    },
  };
}

function notFor({ role }: ChainHop, { key }: GivenField, place: string): UsageError {
  return new UsageError(`${place}: ${key} is not for ${role === 'app' ? 'an app' : `a ${role}`}`);
}

const NO_REUSE = ['http-1.0', 'connection-close', 'no-pool'] as const;
const RETRIES = ['none', 'idempotent', 'unwritten', 'all'] as const;

const forgetsAfter = ofMiddlebox('of a middlebox: it forgets a connection that idles for that long', (given) => ({
  idleTimeoutMs: durationOf(given),
}));

export const SETTINGS = {
  'idle-close': ofServer('it closes a connection that a client leaves idle for that long, or never', (given) => {
    const idleCloseMs = limitOf(given);
    return { reuse: following(idleCloseMs.value !== 0, idleCloseMs), idleCloseMs };
  }),
  'keep-alive': ofServer('no: it closes after each response', (given) => ({ reuse: yesOrNo(given) })),
  'max-requests': ofServer('requests after which it closes a connection of a client', (given) => ({
    maxRequests: countOrNever(given),
  })),
  'max-age': ofServer('age at which it closes a connection of a client', (given) => ({ maxAgeMs: limitOf(given) })),
  'announces-close': ofServer('whether it says Connection: close in the last response', (given) => ({
    announcesClose: yesOrNo(given).value,
  })),
  capacity: ofServer('connections that it holds at once, busy or idle', (given) => ({ capacity: countOf(given) })),
  'request-timeout': ofServer('it gives up on a request after that long', (given) => ({
    requestTimeoutMs: limitOf(given),
  })),
  'pool-idle': ofClient('it gives up an idle connection to the next hop after that long, or never', (given) => {
    const poolIdleMs = limitOf(given);
    const reuses = poolIdleMs.value !== 0;
    return { reuse: following(reuses, poolIdleMs), noReuseBecause: reuses ? null : 'no-pool', poolIdleMs };
  }),
  reuse: ofClient(
    'no, http-1.0, connection-close or no-pool: it uses each connection to the next hop once',
    (given) => {
      const named = NO_REUSE.find((reason) => reason === given.text);
      const noReuseBecause = named ?? (yesOrNo(given, NO_REUSE).value ? null : 'single-use');
      return { reuse: asGiven(given, noReuseBecause === null), noReuseBecause };
    },
  ),
  'pool-size': ofClient('idle connections to the next hop that it keeps', (given) => ({
    poolSize: countOrNever(given),
  })),
  'pool-requests': ofClient('requests that it sends on one connection to the next hop', (given) => ({
    maxRequests: countOrNever(given),
  })),
  'response-timeout': ofClient('it waits that long for a response', (given) => ({
    responseTimeoutMs: limitOf(given),
  })),
  retries: ofClient('what it sends again when a reused connection fails: none, idempotent, unwritten, all', (given) => {
    const retries = RETRIES.find((known) => known === given.text);
    if (retries === undefined) throw unreadable(given, `is not one of ${RETRIES.join(', ')}`);
    return { retries };
  }),
  'honours-hint': ofClient('whether it gives up earlier than Keep-Alive: timeout= says', (given) => ({
    honoursHint: yesOrNo(given).value,
  })),
  'tcp-keepalive': {
    meaning: 'off, or idle/interval/count such as 60s/15s/4, of both sides',
    of: 'both',
    put(hop, given, place) {
      if (hop.role === 'middlebox') throw notFor(hop, given, place);
      const tcpKeepalive = keepaliveOf(given);
      const { server, client } = hop;
      return {
        ...hop,
        server: server === null ? null : { ...server, tcpKeepalive },
        client: client === null ? null : { ...client, tcpKeepalive },
      };
    },
  },
  'idle-timeout': {
    ...forgetsAfter,
    put(hop, given, place) {
      if (hop.middlebox !== null || hop.origin.kind !== 'preset') return forgetsAfter.put(hop, given, place);
      // Of a load balancer it is one number for both of its sides.
      const limit = limitOf(given);
      const { server, client } = hop;
      return {
        ...hop,
        server: server === null ? null : { ...server, idleCloseMs: limit },
        client: client === null ? null : { ...client, poolIdleMs: limit },
      };
    },
  },
  refreshes: ofMiddlebox('of a middlebox: whether TCP keepalive restarts its timer', (given) => ({
    keepaliveRefreshes: yesOrNo(given).value,
  })),
} satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;

/** Reports whether a setting of that name exists. */
export function isSetting(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

function asGiven<T>({ key, source }: GivenField, value: T): ChainValue<T> {
  return { value, source, setting: source.kind === 'file' ? key : null };
}

function unreadable({ key, text, source }: GivenField, reason: string): UsageError | ParseError {
  return source.kind === 'file'
    ? new ParseError(`${source.file}:${source.line}: ${key} ${quoted(text)} ${reason}`)
    : new UsageError(`${key} ${quoted(text)} ${reason}`);
}

/** Reads a duration in milliseconds. Throws for what is none, or shorter than `minMs`. */
export function durationOf(given: GivenField, minMs = 1): ChainValue<number> {
  const parsed = parseDuration(given.text);
  if (parsed.kind === 'invalid') throw unreadable(given, parsed.reason);
  if (parsed.ms < minMs || parsed.ms > IDLE_TIMEOUT_BOUNDS.max) throw unreadable(given, 'is out of range');
  return asGiven(given, parsed.ms);
}

/** Milliseconds; 0 means "at once". */
function limitOf(given: GivenField): ChainValue<Limit> {
  return given.text === 'never' ? asGiven(given, 'never') : durationOf(given, 0);
}

function countOf(given: GivenField): ChainValue<number> {
  if (!/^\d{1,9}$/.test(given.text)) throw unreadable(given, 'is not a whole number');
  return asGiven(given, Number(given.text));
}

function countOrNever(given: GivenField): ChainValue<Limit> {
  return given.text === 'never' ? asGiven(given, 'never') : countOf(given);
}

function yesOrNo(given: GivenField, others: readonly string[] = []): ChainValue<boolean> {
  if (given.text !== 'yes' && given.text !== 'no')
    throw unreadable(given, `is not one of ${['yes', 'no', ...others].join(', ')}`);
  return asGiven(given, given.text === 'yes');
}

function keepaliveOf(given: GivenField): ChainValue<ProbeTimers> {
  if (given.text === 'off') return asGiven(given, null);
  const [idle, interval, count, ...rest] = given.text.split('/');
  const part = (text: string): number => durationOf({ ...given, text }, 1000).value;
  if (idle === undefined || interval === undefined || count === undefined || rest.length > 0)
    throw unreadable(given, 'is neither off nor idle/interval/count such as 60s/15s/4');
  if (!/^[1-9]\d{0,2}$/.test(count)) throw unreadable(given, 'has no whole number of probes at its end');
  return asGiven(given, { idleMs: part(idle), intervalMs: part(interval), count: Number(count) });
}
