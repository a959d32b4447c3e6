import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { startDeadline } from '../base/deadline.ts';
import type { Certificate } from './observation.ts';

/** Distinguished names come from outside and may be long. */
const LONGEST_NAME = 200;

/**
 * Makes a TLS session over a connection and says what certificate the server presented and whether this host trusts it. An untrusted one does
 * not end the session: it is an observation. `session` is null when there is none. `alpn`: the protocols to offer, the dearest first
 * (RFC 7301); left out: none. Rejects only when aborted.
 */
export function handshakeTls(
  socket: Socket,
  host: string,
  { timeoutMs, signal, now, alpn }: { timeoutMs: number; signal: AbortSignal; now: Date; alpn?: readonly string[] },
): Promise<{ certificate: Certificate; session: TLSSocket | null }> {
  return new Promise((resolve, reject) => {
    const session = connect({
      socket,
      rejectUnauthorized: false,
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
      ...(isIP(host) === 0 ? { servername: host } : {}), // RFC 6066, section 3: no literal address in SNI
    });
    const settle = (conclude: () => void): void => {
      callOff();
      signal.removeEventListener('abort', onAbort);
      session.removeListener('error', onError);
      session.removeListener('close', onClose);
      session.on('error', () => {}); // who watches the connection sees it too
      conclude();
    };
    const fail = (error: string): void =>
      settle(() => {
        session.destroy();
        resolve({ certificate: { kind: 'handshake-failed', error }, session: null });
      });
    const onAbort = (): void => settle(() => reject(signal.reason));
    const onError = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message);
    const onClose = (): void => fail('the peer closed the connection');
    const callOff = startDeadline(timeoutMs, () => fail('ETIMEDOUT'));
    signal.addEventListener('abort', onAbort, { once: true });
    session.once('error', onError);
    session.once('close', onClose);
    session.once('secureConnect', () => settle(() => resolve({ certificate: describe(session, host, now), session })));
  });
}

function describe(session: TLSSocket, host: string, now: Date): Certificate {
  const x509 = session.getPeerX509Certificate();
  if (x509 === undefined) return { kind: 'unmeasured', reason: 'the server presented no certificate' };
  const validFrom = readDate(x509.validFrom);
  const validTo = readDate(x509.validTo);
  return {
    kind: 'presented',
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    validFrom: validFrom?.toISOString() ?? null,
    validTo: validTo?.toISOString() ?? null,
    remainingMs: validTo === null ? null : validTo.getTime() - now.getTime(),
    lifetimeMs: validTo === null || validFrom === null ? null : validTo.getTime() - validFrom.getTime(),
    trusted: session.authorized,
    error: session.authorized ? null : errorName(session.authorizationError, host),
    protocol: session.getProtocol(),
  };
}

function errorName(error: Error | string | undefined, host: string): string {
  if (error === undefined) return `no reason given for ${host}`;
  // Node's types say Error, its documentation too; what comes is the code as a text.
  return typeof error === 'string' ? error : ((error as NodeJS.ErrnoException).code ?? error.message);
}

function readDate(text: string): Date | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

function oneLine(name: string | undefined): string {
  const line = (name ?? '').split('\n').join(', ');
  return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME - 3)}...` : line;
}
