import { durationArgument, formatDuration } from '../base/units.ts';
import type { Middlebox } from '../report/values.ts';

/** `juniper-srx-tcp (Junos SRX flow session, TCP default)`, or `the middlebox` for a bare timeout. */
export function nameOf(middlebox: Middlebox): string {
  return middlebox.kind === 'timeout' ? 'the middlebox' : `${middlebox.id} (${middlebox.name})`;
}

/** One word for tables and evidence: the preset's id, or `given` for a bare timeout. */
export function labelOf(middlebox: Middlebox): string {
  return middlebox.kind === 'timeout' ? 'given' : middlebox.id;
}

/** The flag to paste that names it again: `--middlebox aws-alb`, `--middlebox-timeout 30m`. */
export function argumentOf(middlebox: Middlebox): string {
  return middlebox.kind === 'timeout'
    ? `--middlebox-timeout ${durationArgument(middlebox.idleTimeoutMs)}`
    : `--middlebox ${middlebox.id}`;
}

/** `juniper-srx-tcp (Junos SRX flow session, TCP default), idle timeout 30 m`; a bare timeout has no name before it. */
export function namedTimeout(middlebox: Middlebox): string {
  const timeout = `idle timeout ${formatDuration(middlebox.idleTimeoutMs)}`;
  return middlebox.kind === 'timeout' ? timeout : `${nameOf(middlebox)}, ${timeout}`;
}

/** `the middlebox forgets an idle connection after 30 m`. */
export function forgets(middlebox: Middlebox): string {
  return `${nameOf(middlebox)} forgets an idle connection after ${formatDuration(middlebox.idleTimeoutMs)}`;
}
