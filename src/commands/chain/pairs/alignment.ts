/** Which of two hops that talk to each other gives an idle connection up first, and whether connections are reused at all. */
import { formatDuration } from '../../../base/units.ts';
import {
  type ChainClientSide,
  type ChainServerSide,
  type ChainValue,
  isKnown,
  type Limit,
} from '../../../knowledge/hop.ts';
import type { Unmeasured } from '../../../report/values.ts';
import type { HopPair } from './pair.ts';

/** What happens to an idle connection between two hops. */
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

/** Whether the sender gives up an idle connection before the receiver closes it, by `marginMs` at least. */
export function alignmentOf({ sender, receiver }: HopPair, marginMs: number): Alignment {
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
