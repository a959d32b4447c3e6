/** What a stack does by default, as the sides of a hop. */
import { KERNEL_KEEPALIVE } from '../keepalive/kernel-timers.ts';
import { unmeasured } from '../report/values.ts';
import type { ChainClientSide, ChainServerSide, ChainSource, ChainValue, MaybeChainValue } from './hop.ts';
import type { HttpFact, Stack, StackConfidence, StackFacts } from './stack.ts';

/** A side without any known value, each for the reason given. */
export function unknownServerSide(reason: string): ChainServerSide {
  const not = unmeasured(reason);
  return {
    reuse: not,
    idleCloseMs: not,
    maxRequests: not,
    maxAgeMs: not,
    hintMs: null,
    announcesClose: null,
    capacity: null,
    requestTimeoutMs: null,
    tcpKeepalive: not,
  };
}

/** As `unknownServerSide`, towards the next hop. */
export function unknownClientSide(reason: string): ChainClientSide {
  const not = unmeasured(reason);
  return {
    reuse: not,
    noReuseBecause: null,
    poolIdleMs: not,
    poolSize: null,
    maxRequests: not,
    maxAgeMs: not,
    honoursHint: null,
    retries: 'unknown',
    responseTimeoutMs: null,
    tcpKeepalive: not,
  };
}

/** How the stack treats the connections that it accepts; null: it accepts none, or nothing is known of HTTP with it. */
export function serverSideOf(stack: Stack): ChainServerSide | null {
  const facts = stack.http?.server;
  if (facts === undefined) return null;
  const { value, plain, tcpKeepalive } = valuesOf(stack);
  const unknown = unknownServerSide(unknownDefault(stack));
  return {
    ...unknown,
    reuse: plain(facts.reuse ?? true),
    idleCloseMs: value(facts.idleClose) ?? unknown.idleCloseMs,
    maxRequests: value(facts.maxRequests) ?? unknown.maxRequests,
    maxAgeMs: value(facts.maxAge) ?? unknown.maxAgeMs,
    hintMs: facts.hintMs === undefined ? null : plain(facts.hintMs),
    announcesClose: facts.announcesClose ?? null,
    tcpKeepalive: tcpKeepalive(stack.keepalive) ?? unknown.tcpKeepalive,
  };
}

/** How the stack treats the connections that it opens; null: it opens none, or nothing is known of HTTP with it. */
export function clientSideOf(stack: Stack): ChainClientSide | null {
  const facts = stack.http?.client;
  if (facts === undefined) return null;
  const { value, plain, tcpKeepalive } = valuesOf(stack);
  const unknown = unknownClientSide(unknownDefault(stack));
  const poolIdleMs: MaybeChainValue<number | 'never'> = value(facts.poolIdle) ?? unknown.poolIdleMs;
  return {
    ...unknown,
    reuse: facts.poolIdle === undefined ? unknown.reuse : plain(true),
    poolIdleMs,
    poolSize: value(facts.poolSize),
    honoursHint: facts.honoursHint ?? null,
    retries: facts.retries ?? 'unknown',
    responseTimeoutMs: value(facts.responseTimeout),
    tcpKeepalive:
      tcpKeepalive(facts.tcpKeepalive === undefined ? stack.keepalive : facts.tcpKeepalive) ?? unknown.tcpKeepalive,
  };
}

/** How its facts are known. */
export function confidenceOf({ confidence }: StackFacts): StackConfidence {
  return confidence ?? 'verified-by-reading';
}

/** What it is in a chain: an origin accepts connections, a client opens them, a proxy does both; null: nothing is known of HTTP with it. */
export function roleOf({ http }: Stack): 'client' | 'proxy' | 'app' | null {
  if (http === undefined) return null;
  if (http.server === undefined) return 'client';
  return http.client === undefined ? 'app' : 'proxy';
}

/** What the product is called where HTTP is meant. */
export function productOf({ name, http }: Stack): string {
  return http?.product ?? name;
}

const unknownDefault = (stack: Stack): string => `no default of ${productOf(stack)} is known: give the value`;

function valuesOf(stack: Stack): {
  value<T>(fact: HttpFact<T> | undefined): ChainValue<T> | null;
  plain<T>(value: T): ChainValue<T>;
  tcpKeepalive(keepalive: StackFacts['keepalive']): ChainServerSide['tcpKeepalive'] | null;
} {
  const source: ChainSource = { kind: 'default', id: stack.id, detail: `${productOf(stack)}, ${confidenceOf(stack)}` };
  const plain = <T>(value: T): ChainValue<T> => ({ value, source, setting: null });
  return {
    value: (fact) => (fact === undefined ? null : { ...fact, source }),
    plain,
    tcpKeepalive: (keepalive) =>
      keepalive === undefined ? null : plain(keepalive === 'host' ? KERNEL_KEEPALIVE : keepalive),
  };
}
