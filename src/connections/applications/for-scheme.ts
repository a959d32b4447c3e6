import type { Scheme } from '../../base/target.ts';
import type { Application } from './application.ts';
import { applications } from './registry.generated.ts';

/** The application that targets of a scheme speak; null when kaprobe knows none, as for plain TCP and TLS. */
export function applicationFor(scheme: Scheme): Application | null {
  const all: readonly Application[] = Object.values(applications);
  return all.find(({ schemes }) => schemes.includes(scheme)) ?? null;
}
