import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '../../base/errors.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import type { Dropper } from '../observation.ts';
import { locateDropper } from './locate.ts';

/** Linux routers answer expired TTLs six times at once and then once a second to each host: more searches would blur each other. */
const SEARCHES_AT_ONCE = 3;
/** How long a search waits for its turn. */
const PATIENCE_MS = 20_000;
const TURN_MS = 50;

let searchCount = 0;

/**
 * Where a stalled connection is dropped; what would not let us look is said in `doubt`. The connection is reset at the end, so that nothing
 * queued in it is sent for ever. Rejects only when aborted.
 */
export async function locateStalled(
  stalled: Socket,
  target: { address: string; port: number },
  libc: Libc,
  signal: AbortSignal,
): Promise<Dropper> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (searchCount >= SEARCHES_AT_ONCE) {
    if (performance.now() > untilMs) return notLookedFor('too many connections stalled at once');
    await sleep(TURN_MS, undefined, { signal });
  }
  searchCount += 1;
  try {
    return await locateDropper({ fd: () => descriptorOf(stalled) }, target, libc, { signal });
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return notLookedFor(error.message);
  } finally {
    searchCount -= 1;
    stalled.resetAndDestroy();
  }
}

function notLookedFor(why: string): Dropper {
  const nothing = { hop: null, address: null, lastAnsweringHop: null, lastAnsweringAddress: null, hops: [] };
  return { ...nothing, doubt: `the hop was not looked for: ${why}` };
}
