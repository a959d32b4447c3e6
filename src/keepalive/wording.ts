import { formatDuration } from '../base/units.ts';
import type { Middlebox } from '../report/values.ts';

/** `juniper-srx-tcp (Junos SRX flow session, TCP default)`, or `the middlebox` for a bare timeout. */
export function nameOf({ id, name }: Middlebox): string {
  return id === 'given' ? 'the middlebox' : `${id} (${name})`;
}

/** `the middlebox forgets an idle connection after 30 m`. */
export function forgets(middlebox: Middlebox): string {
  return `${nameOf(middlebox)} forgets an idle connection after ${formatDuration(middlebox.idleTimeoutMs)}`;
}
