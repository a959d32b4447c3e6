import type { Scheme } from '../../target.ts';
import type { Application } from './application.ts';
import { http } from './http.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';

/** The applications by name. A test names the lines to add for a new file. */
export const applications: Readonly<Record<string, Application>> = {
  http,
  postgres,
  redis,
};

/** The application that targets of a scheme speak; null when kaprobe knows none, as for plain TCP and TLS. */
export function applicationFor(scheme: Scheme): Application | null {
  return Object.values(applications).find(({ schemes }) => schemes.includes(scheme)) ?? null;
}
