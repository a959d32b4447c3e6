import { formatDuration } from '../base/units.ts';
import type { Unmeasured } from '../report/values.ts';
import type { Certificate, Connect, ConnectKind } from './observation.ts';

/** What became of connecting, in words for a table. */
export const CONNECT_WORDS: Record<ConnectKind, string> = {
  connected: 'connected',
  refused: 'refused',
  'timed-out': 'timed out',
  unreachable: 'unreachable',
  unresolved: 'name not resolved',
  unmeasured: 'not measured',
};

/** What became of connecting, and where to (null: nowhere). */
export function describeConnect({ kind, durationMs, rttMs, error }: Connect, where: string | null): string {
  const to = where === null ? '' : ` ${kind === 'connected' ? 'to' : 'by'} ${where}`;
  const after = durationMs === null ? '' : ` ${kind === 'connected' ? 'in' : 'after'} ${formatDuration(durationMs)}`;
  if (kind === 'connected')
    return `connected${to}${after}${rttMs === null ? '' : `, round trip ${formatDuration(rttMs)}`}`;
  return `${CONNECT_WORDS[kind]}${where === null ? '' : `: ${where}`}${after}${error === null ? '' : ` (${error})`}`;
}

/** Whose certificate it is, and whether it is trusted here. */
export function describeCertificate(certificate: Certificate): string {
  switch (certificate.kind) {
    case 'presented': {
      const { subject, validTo, trusted, error, protocol } = certificate;
      return `${subject}, ${trusted ? 'trusted' : `not trusted (${error})`}, until ${validTo ?? 'an unreadable date'}${protocol === null ? '' : `, ${protocol}`}`;
    }
    case 'handshake-failed':
      return `none: the handshake failed (${certificate.error})`;
    case 'unmeasured':
      return notMeasured(certificate);
    default:
      return certificate satisfies never;
  }
}

/** The reason in place of a value. */
export function notMeasured({ reason }: Unmeasured): string {
  return `not measured: ${reason}`;
}
