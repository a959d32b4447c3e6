import { lookup } from 'node:dns/promises';
import { waitFor } from '../base/deadline.ts';

/** Either family, or only the one asked for. */
export type Family = 4 | 6 | null;

/** A name's addresses in the order of the resolver (RFC 6724), or the resolver's error, such as ENOTFOUND or EAI_AGAIN. */
export type Resolution = { kind: 'resolved'; addresses: string[] } | { kind: 'unresolved'; error: string };

/** Asks the system's resolver, as applications do. A literal address is its own answer. Rejects only when aborted. */
export function resolve(
  host: string,
  family: Family,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Resolution> {
  const unresolved = (error: string): Resolution => ({ kind: 'unresolved', error });
  return waitFor({ timeoutMs, signal, late: () => unresolved('ETIMEDOUT') }, (settle) => {
    // getaddrinfo(3) cannot be cancelled: when it takes too long it is left alone.
    lookup(host, { all: true, verbatim: true, family: family ?? 0 }).then(
      (found) => settle({ kind: 'resolved', addresses: [...new Set(found.map(({ address }) => address))] }),
      (error: NodeJS.ErrnoException) => settle(unresolved(error.code ?? error.message)),
    );
  });
}
