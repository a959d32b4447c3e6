import { type IncomingMessage, request } from 'node:http';
import { isIPv6 } from 'node:net';
import { Duplex } from 'node:stream';
import { VERSION } from '../../version.ts';
import type { Application, ApplicationTarget } from './application.ts';
import { type Answer, type Channel, converse, type Dialogue, oneLine, refused } from './conversation.ts';

/** What a reply may take up, interim replies included. */
const MOST_HEADER_BYTES = 64 * 1024;
/** How many 1xx replies may come before the final one. */
const MOST_INTERIM_REPLIES = 10;
/** How much of what is said unasked is kept: enough for a status line. */
const MOST_UNASKED = 1024;

/**
 * HTTP/1.1 (RFC 9112): `HEAD /`, whose reply has no body. Every status counts as a reply, as long as the server keeps the connection open
 * after it (RFC 9112, section 9.3).
 */
export const http: Application = {
  schemes: ['http', 'https'],
  open: (stream, target) => converse(stream, (channel) => speak(target, channel)),
};

function speak(target: ApplicationTarget, { send, answer }: Channel): Dialogue {
  let exchange: Exchange | null = null;
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

/** One request whose reply has not come yet. */
interface Exchange {
  receive(bytes: Uint8Array): void;
  close(): void;
}

/**
 * Has Node's own client make the request and read the reply, but never touch the connection: it ends or destroys its socket when it is
 * given up, on a reply that it cannot read and after `Connection: close`, and its agent sets SO_KEEPALIVE on what it keeps. So it
 * gets a stream of its own, for one request. `settle` is called once, unless closed before; nothing is left then.
 */
function askHead(
  { host, port, tls }: ApplicationTarget,
  send: (bytes: Uint8Array) => void,
  settle: (answer: Answer) => void,
): Exchange {
  let settled = false;
  let byteCount = 0;
  let interimCount = 0;
  const pipe = new Duplex({
    read: () => {},
    write: (bytes: Uint8Array, _encoding, done) => {
      send(bytes);
      done();
    },
  });
  const close = (): void => {
    settled = true;
    client.destroy();
    pipe.destroy();
  };
  const finish = (answer: Answer): void => {
    if (settled) return;
    close();
    settle(answer);
  };
  const client = request({
    method: 'HEAD',
    path: '/',
    createConnection: () => pipe, // and no agent
    setHost: false,
    maxHeaderSize: MOST_HEADER_BYTES,
    headers: {
      Host: hostHeader(host, port, tls),
      'User-Agent': `kaprobe/${VERSION}`,
      Connection: 'keep-alive', // without it, and without an agent, Node asks for the opposite
    },
  });
  client.on('error', (error) => finish(refused(`the peer does not speak HTTP/1.1: ${oneLine(error.message)}`)));
  client.on('information', () => {
    interimCount += 1;
    if (interimCount > MOST_INTERIM_REPLIES) finish(refused(`more than ${MOST_INTERIM_REPLIES} interim replies (1xx)`));
  });
  client.on('upgrade', () => finish(refused('the server switches to another protocol, unasked')));
  client.on('response', (response) => {
    response.on('error', () => {}); // that it was given up
    finish(judge(response));
  });
  client.end();
  return {
    receive: (bytes) => {
      byteCount += bytes.length;
      pipe.push(bytes);
      if (byteCount > MOST_HEADER_BYTES) finish(refused('the reply has more than 64 KiB of header'));
    },
    close,
  };
}

function judge({ httpVersion, statusCode, statusMessage, headers }: IncomingMessage): Answer {
  const status = oneLine(`HTTP/${httpVersion} ${statusCode} ${statusMessage}`);
  const options = (headers.connection ?? '').toLowerCase().split(',');
  const says = (option: string): boolean => options.some((text) => text.trim() === option);
  if (statusCode === 101) return refused('the server switches to another protocol, unasked');
  if (says('close')) return refused(`the server ends the connection after its reply: Connection: close (${status})`);
  if (httpVersion !== '1.1' && !says('keep-alive')) {
    return refused(`the server ends the connection after its reply: no Connection: keep-alive (${status})`);
  }
  return { kind: 'replied', summary: status };
}

/** RFC 9110, section 7.2. A zone is of this host only (RFC 6874, section 4), and no header may hold it. */
function hostHeader(host: string, port: number, tls: boolean): string {
  const name = isIPv6(host) ? `[${host.replace(/%.*$/, '')}]` : host;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}
