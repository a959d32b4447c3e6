import { isIP } from 'node:net';
import { unmeasured } from '../report/values.ts';
import type { Ping } from './observation.ts';

/** How long ping waits for the answer to its one echo request. */
const WAIT_SECONDS = 1;

/**
 * Sends one ICMP echo request through the host's ping program. `address` must be a literal address, never a user's text: it becomes an
 * argument of that program. Says `unmeasured` where there is no ping or it may not send. Never rejects; ends early when aborted.
 */
export async function pingOnce(address: string, signal: AbortSignal): Promise<Ping> {
  if (isIP(address) === 0) return { ...unmeasured('not a literal address'), rttMs: null };
  const PingProgram = (await import('ping-lite').catch(() => null))?.default;
  return new Promise((resolve) => {
    const give = (reason: string): void => resolve({ ...unmeasured(reason), rttMs: null });
    if (PingProgram === undefined) return give('ping-lite is not installed');
    try {
      const program = new PingProgram(address, { args: ['-n', '-c', '1', '-w', String(WAIT_SECONDS), address] });
      program.send((error, rttMs) => {
        signal.removeEventListener('abort', stop);
        if (error !== null) give(firstLine(error.message));
        else if (typeof rttMs === 'number') resolve({ kind: 'answered', rttMs });
        else resolve({ kind: 'unanswered', rttMs: null });
      });
      const stop = (): void => {
        program._ping?.kill();
        give('interrupted');
      };
      signal.addEventListener('abort', stop, { once: true });
    } catch (error) {
      give(error instanceof Error ? firstLine(error.message) : 'ping could not be started');
    }
  });
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 200);
}
