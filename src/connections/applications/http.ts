import { VERSION } from '../../base/version.ts';
import { type HttpExchange, type HttpResponse, hostHeader, startExchange } from '../http/exchange.ts';
import { announcesClose, judgePersistence } from '../http/persistence.ts';
import type { Application, ApplicationTarget } from './application.ts';
import { type Answer, type Channel, converse, type Dialogue, oneLine, refused } from './conversation.ts';

/** How much of what is said unasked is kept: enough for a status line. */
const MOST_UNASKED = 1024;

/**
 * HTTP/1.1 (RFC 9112): `HEAD /`, whose reply has no body. Every status counts as a reply, as long as the server keeps the connection open
 * after it (RFC 9112, section 9.3).
 */
export const application: Application = {
  schemes: { http: { port: 80, tls: false }, https: { port: 443, tls: true } },
  open: (stream, target) => converse(stream, (channel) => speak(target, channel)),
};

function speak(target: ApplicationTarget, { send, answer }: Channel): Dialogue {
  let exchange: HttpExchange | null = null;
  let unasked = '';
  return {
    ask: () => {
      unasked = '';
      exchange = askHead(target, send, (reply) => {
        exchange = null;
        answer(reply);
      });
    },
    receive: (bytes) => {
      if (exchange !== null) exchange.receive(bytes);
      else unasked += Buffer.from(bytes.subarray(0, MOST_UNASKED - unasked.length)).toString('latin1');
    },
    // Servers that tire of waiting say so: 408 Request Timeout.
    lastWords: () => (unasked.startsWith('HTTP/') ? oneLine(unasked.replace(/[\r\n].*$/s, '')) : null),
    close: () => exchange?.close(),
  };
}

function askHead(
  { host, port, tls }: ApplicationTarget,
  send: (bytes: Uint8Array) => void,
  settle: (answer: Answer) => void,
): HttpExchange {
  const headers = { Host: hostHeader(host, port, tls), 'User-Agent': `kaprobe/${VERSION}`, Connection: 'keep-alive' };
  return startExchange(
    { method: 'HEAD', path: '/', version: '1.1', headers },
    { send, settle: (news) => settle(news.kind === 'answered' ? judge(news.response) : refused(news.reason)) },
  );
}

function judge({ version, status, statusMessage, rawHeaders }: HttpResponse): Answer {
  const line = oneLine(`HTTP/${version} ${status} ${statusMessage}`);
  if (status === 101) return refused('the server switches to another protocol, unasked');
  if (announcesClose(rawHeaders))
    return refused(`the server ends the connection after its reply: Connection: close (${line})`);
  const { value } = judgePersistence({
    method: 'HEAD',
    requestVersion: '1.1',
    requestConnection: 'keep-alive',
    status,
    version,
    rawHeaders,
  });
  if (!value) return refused(`the server ends the connection after its reply: no Connection: keep-alive (${line})`);
  return { kind: 'replied', summary: line };
}
