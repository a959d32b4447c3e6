import type { Application } from './application.ts';
import { applications } from './registry.generated.ts';

/** The application that targets of a scheme speak; null when kaprobe knows none, as for plain TCP and TLS. */
export function applicationFor(scheme: string): Application | null {
  return Object.values(applications).find(({ schemes }) => Object.hasOwn(schemes, scheme)) ?? null;
}
