import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Either family, or only the one asked for. */
export type Family = 4 | 6 | null;

/** A name's addresses in the order of the resolver (RFC 6724), or the resolver's error, such as ENOTFOUND or EAI_AGAIN. */
export type Resolution = { kind: 'resolved'; addresses: string[] } | { kind: 'unresolved'; error: string };

/** Asks the system's resolver, as applications do. A literal address is its own answer. Rejects only when aborted. */
export async function resolve(
  host: string,
  family: Family,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Resolution> {
  const done = new AbortController();
  const answer = lookup(host, { all: true, verbatim: true, family: family ?? 0 }).then(
    (found): Resolution => ({ kind: 'resolved', addresses: [...new Set(found.map(({ address }) => address))] }),
    (error: NodeJS.ErrnoException): Resolution => ({ kind: 'unresolved', error: error.code ?? error.message }),
  );
  // getaddrinfo(3) cannot be cancelled: when it takes too long it is left alone.
  const tooLate = sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, done.signal]) }).then(
    (): Resolution => ({ kind: 'unresolved', error: 'ETIMEDOUT' }),
  );
  tooLate.catch(() => {}); // cancelled once the answer is there
  const resolution = await Promise.race([answer, tooLate]);
  done.abort();
  return resolution;
}
