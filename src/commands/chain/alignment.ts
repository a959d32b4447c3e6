/** What two neighbours of a chain make of each other: who hangs up first, whether connections are reused, what a box between them forgets. */

import { formatDuration } from '../../base/units.ts';
import { lastTolerableProbeMs, probePeriodMs, safetyMarginMs } from '../../keepalive/keepalive.ts';
import {
  type ChainClientSide,
  type ChainServerSide,
  type ChainValue,
  isKnown,
  type Limit,
} from '../../knowledge/hop.ts';
import type { Unmeasured } from '../../report/values.ts';
import type { ChainHop, ChainJoint } from './report.ts';

/** The ports of net.ipv4.ip_local_port_range as the kernel ships it: 32768 to 60999. */
export const DEFAULT_PORT_COUNT = 28_232;

/** Two hops that share connections, and the middleboxes that only forward their packets. */
export interface ChainLink {
  sender: ChainHop & { client: ChainClientSide };
  receiver: ChainHop & { server: ChainServerSide };
  boxes: readonly ChainHop[];
  /** Which joint is the first between them. */
  firstJoint: number;
}

/** What becomes of a connection between two hops that nobody uses. */
export type Alignment =
  | { kind: 'aligned'; why: string; poolIdle: ChainValue<Limit> | null; idleClose: ChainValue<Limit> }
  | {
      kind: 'closes-first';
      /** `late`: the receiver closes before the sender gives up. `narrow`: after it, but within the margin. */
      how: 'late' | 'narrow';
      poolIdle: ChainValue<Limit>;
      idleClose: ChainValue<number>;
      why: string;
    }
  | {
      kind: 'not-reused';
      by: 'sender' | 'receiver';
      /**
       * Who closes first, and so keeps TIME_WAIT. `either`: both know that the connection ends with the response, and the faster one is first.
       * Of 20 connections between a real nginx and a real gunicorn nginx was it in 10 with threads, in 18 with sync workers.
       */
      closer: 'sender' | 'either';
      decidedBy: ChainValue<boolean>;
      why: string;
    }
  | { kind: 'unknown'; what: string; reason: string; why: string };

/** The pairs of hops that talk to each other. Hops without the side that they need are left out. */
export function linksOf(hops: readonly ChainHop[]): ChainLink[] {
  const links: ChainLink[] = [];
  let last: { hop: ChainHop; index: number } | null = null;
  hops.forEach((hop, index) => {
    if (hop.role === 'middlebox') return;
    if (last !== null) {
      const { client } = last.hop;
      const { server } = hop;
      const boxes = hops.slice(last.index + 1, index);
      if (client !== null && server !== null) {
        links.push({
          sender: { ...last.hop, client },
          receiver: { ...hop, server },
          boxes,
          firstJoint: last.index,
        });
      }
    }
    last = { hop, index };
  });
  return links;
}

/** Whether the sender gives up an idle connection before the receiver closes it, by `marginMs` at least. */
export function alignmentOf({ sender, receiver }: ChainLink, marginMs: number): Alignment {
  const { client } = sender;
  const { server } = receiver;
  if (isKnown(client.reuse) && !client.reuse.value) {
    // After HTTP/1.0 or `Connection: close` the receiver closes with its response (RFC 9112, 9.3 and 9.6); else only the sender knows.
    const { noReuseBecause, asksToClose = null } = client;
    const asks = asksToClose ?? (noReuseBecause === 'http-1.0' || noReuseBecause === 'connection-close');
    const closer = asks ? 'either' : 'sender';
    const why = `${sender.name} ${NO_REUSE[noReuseBecause ?? 'single-use']}`;
    return { kind: 'not-reused', by: 'sender', closer, decidedBy: client.reuse, why };
  }
  if (isKnown(server.reuse) && !server.reuse.value) {
    const why = `${receiver.name} closes after each response`;
    return { kind: 'not-reused', by: 'receiver', closer: 'either', decidedBy: server.reuse, why };
  }
  if (!isKnown(client.reuse)) return unknown(`whether ${sender.name} reuses connections`, client.reuse);
  if (!isKnown(server.reuse)) return unknown(`whether ${receiver.name} keeps connections open`, server.reuse);
  if (!isKnown(server.idleCloseMs))
    return unknown(`after how long ${receiver.name} closes idle connections`, server.idleCloseMs);
  const idleClose = server.idleCloseMs;
  if (idleClose.value === 'never') {
    return {
      kind: 'aligned',
      why: `${receiver.name} never closes idle connections`,
      poolIdle: isKnown(client.poolIdleMs) ? client.poolIdleMs : null,
      idleClose,
    };
  }
  const hinted = followedHintMs(client, server);
  if (hinted !== null && hinted <= idleClose.value) {
    const why = `${sender.name} follows the hint of ${receiver.name}, ${formatDuration(hinted)}`;
    return { kind: 'aligned', why, poolIdle: isKnown(client.poolIdleMs) ? client.poolIdleMs : null, idleClose };
  }
  if (!isKnown(client.poolIdleMs)) return unknown(`how long ${sender.name} keeps idle connections`, client.poolIdleMs);
  const poolIdle = client.poolIdleMs;
  const known = { poolIdle, idleClose: { ...idleClose, value: idleClose.value } };
  const gives =
    poolIdle.value === 'never'
      ? `${sender.name} never gives up an idle connection`
      : `${sender.name} keeps idle connections ${formatDuration(poolIdle.value)}`;
  const why = `${gives}, ${receiver.name} closes them after ${formatDuration(idleClose.value)}`;
  const sparedMs = poolIdle.value === 'never' ? Number.NEGATIVE_INFINITY : idleClose.value - poolIdle.value;
  if (sparedMs >= marginMs) return { kind: 'aligned', why, ...known };
  return { kind: 'closes-first', how: sparedMs > 0 ? 'narrow' : 'late', why, ...known };
}

const NO_REUSE = {
  'http-1.0': 'speaks HTTP/1.0, a connection for each request',
  'connection-close': 'sends `Connection: close` with each request',
  'no-pool': 'keeps no connection for a next request',
  'single-use': 'uses each connection once',
} as const;

function followedHintMs(client: ChainClientSide, server: ChainServerSide): number | null {
  return client.honoursHint === true && server.hintMs != null ? server.hintMs.value : null;
}

function unknown(what: string, { reason }: Unmeasured): Alignment {
  return { kind: 'unknown', what, reason, why: `not known ${what}` };
}

/** What a middlebox does to a connection that idles as long as both ends let it. */
export type Crossing =
  /** The connection does not idle that long, or probes keep it. */
  | { kind: 'kept'; why: string }
  /** `idleMs`: how long the ends let it idle. */
  | { kind: 'forgotten'; idleMs: Limit; why: string }
  | { kind: 'unknown'; what: string; reason: string };

/**
 * Whether the box still knows the connection when the first of the two ends gives it up, or hears a keepalive probe of either end in time,
 * with the loss of two.
 */
export function crossingOf(link: ChainLink, box: ChainHop): Crossing {
  const { sender, receiver } = link;
  if (box.middlebox === null) return { kind: 'kept', why: `${box.name} keeps no state` };
  const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
  const timeoutMs = idleTimeoutMs.value;
  const marginMs = safetyMarginMs(timeoutMs);
  const forgets = `${box.name} forgets after ${formatDuration(timeoutMs)}`;
  const notReused = [sender.client.reuse, receiver.server.reuse].some((reuse) => isKnown(reuse) && !reuse.value);
  if (notReused) return { kind: 'kept', why: 'no connection idles' };
  const limits = [sender.client.poolIdleMs, receiver.server.idleCloseMs];
  const shortest = Math.min(
    ...limits.map((limit) => (isKnown(limit) && limit.value !== 'never' ? limit.value : Number.POSITIVE_INFINITY)),
  );
  if (shortest <= timeoutMs - marginMs)
    return { kind: 'kept', why: `${forgets}, the ends give up after ${formatDuration(shortest)}` };
  const sides = [sender.client.tcpKeepalive, receiver.server.tcpKeepalive];
  const saving = probesInTime(link, timeoutMs);
  if (saving !== undefined && keepaliveRefreshes === true)
    return { kind: 'kept', why: `${forgets}, TCP keepalive goes every ${formatDuration(probePeriodMs(saving))}` };
  if (saving !== undefined && keepaliveRefreshes === null) {
    return {
      kind: 'unknown',
      what: `whether TCP keepalive refreshes ${box.name}`,
      reason: 'no source says so; kaprobe measure finds out',
    };
  }
  const [reason] = [...limits, ...(keepaliveRefreshes === false ? [] : sides)].flatMap((value) =>
    isKnown(value) ? [] : [value.reason],
  );
  if (reason !== undefined)
    return { kind: 'unknown', what: `whether connections idle for longer than ${box.name} allows`, reason };
  return { kind: 'forgotten', idleMs: Number.isFinite(shortest) ? shortest : 'never', why: forgets };
}

/** The keepalive of the end whose probes come before a box forgets, two of them lost; undefined: of neither that is known. */
function probesInTime(
  { sender, receiver }: ChainLink,
  timeoutMs: number,
): { idleMs: number; intervalMs: number; count: number } | undefined {
  return [sender.client.tcpKeepalive, receiver.server.tcpKeepalive]
    .filter(isKnown)
    .flatMap(({ value }) => (value === null ? [] : [value]))
    .find((keepalive) => lastTolerableProbeMs(keepalive) <= timeoutMs - safetyMarginMs(timeoutMs));
}

/**
 * How long the sender waits for a response, where that is longer than the box remembers a connection on which nothing passes meanwhile, and
 * neither end is known to send probes in time. null: it does not, or what the sender does is not known.
 */
export function waitBeyond(link: ChainLink, box: ChainHop): ChainValue<Limit> | null {
  const { responseTimeoutMs, tcpKeepalive } = link.sender.client;
  if (box.middlebox === null || !isKnown(responseTimeoutMs)) return null;
  if (!isKnown(tcpKeepalive)) return null;
  const { idleTimeoutMs, keepaliveRefreshes } = box.middlebox;
  if (keepaliveRefreshes !== false && probesInTime(link, idleTimeoutMs.value) !== undefined) return null;
  const isLonger = responseTimeoutMs.value === 'never' || responseTimeoutMs.value > idleTimeoutMs.value;
  return isLonger ? responseTimeoutMs : null;
}

/** One verdict for each pair of adjacent hops. */
export function jointsOf(hops: readonly ChainHop[], marginMs: number): ChainJoint[] {
  const joints: ChainJoint[] = hops.slice(1).map(() => ({ kind: 'unknown', why: 'one of the two has no such side' }));
  for (const link of linksOf(hops)) {
    link.boxes.forEach((box, index) => {
      joints[link.firstJoint + index] = crossingJoint(crossingOf(link, box));
    });
    const { kind, why } = alignmentOf(link, marginMs);
    joints[link.firstJoint + link.boxes.length] = { kind, why };
  }
  return joints;
}

function crossingJoint(crossing: Crossing): ChainJoint {
  switch (crossing.kind) {
    case 'kept':
      return { kind: 'aligned', why: crossing.why };
    case 'forgotten':
      return { kind: 'path-forgets', why: crossing.why };
    case 'unknown':
      return { kind: 'unknown', why: `not known ${crossing.what}` };
    default:
      return crossing satisfies never;
  }
}

/** What is not known of a link and would decide. */
export function gapsOf(link: ChainLink, marginMs: number): { what: string; reason: string }[] {
  const alignment = alignmentOf(link, marginMs);
  return [alignment, ...link.boxes.map((box) => crossingOf(link, box))].flatMap((judged) =>
    judged.kind === 'unknown' ? [{ what: judged.what, reason: judged.reason }] : [],
  );
}
