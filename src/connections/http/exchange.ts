import { request as ask, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';
import { Duplex } from 'node:stream';
import { oneLine } from '../applications/conversation.ts';
import { framingOf } from './persistence.ts';

/** What the head of a response may take up. */
const MOST_HEADER_BYTES = 64 * 1024;
/** How many 1xx responses may come before the final one. */
const MOST_INTERIM_RESPONSES = 10;
/** What a response may take up in all. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A request without a body. */
export interface HttpRequest {
  method: string;
  /** In the form that goes on the wire: path and query. */
  path: string;
  version: '1.0' | '1.1';
  /** All of them: nothing is added, save the `Content-Length: 0` of methods that go with a body. */
  headers: OutgoingHttpHeaders;
}

/** A whole response. Its texts come from outside. */
export interface HttpResponse {
  status: number;
  /** In one line of at most 200 characters, such as `Not Found`. */
  statusMessage: string;
  /** Such as `1.1`. */
  version: string;
  /** Names and values in turn. */
  rawHeaders: readonly string[];
  bodyBytes: number;
}

/** What the peer's bytes amount to. */
export type HttpNews = { kind: 'answered'; response: HttpResponse } | { kind: 'unusable'; reason: string };

/** One request whose response has not come yet. */
export interface HttpExchange {
  /** Takes the peer's bytes. */
  receive(bytes: Uint8Array): void;
  /** The peer has closed the connection: some bodies end so. */
  end(): void;
  /** Lets go. */
  close(): void;
}

/**
 * Has Node's own client make the request and read the response, but never touch the connection: it ends or destroys its socket when it is
 * given up, on a response that it cannot read and after `Connection: close`, and its agent sets SO_KEEPALIVE on what it keeps. So it
 * gets a stream of its own, for one request. Bodies are read and dropped, never decompressed. `settle` is called once, unless closed
 * before; nothing is left then.
 */
export function startExchange(
  request: HttpRequest,
  { send, settle }: { send: (bytes: Uint8Array) => void; settle: (news: HttpNews) => void },
): HttpExchange {
  let settled = false;
  let byteCount = 0;
  let interimCount = 0;
  let cut = false;
  let headSent = false;
  let headSeen = false;
  const pipe = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _encoding, done) => {
      send(headSent || request.version === '1.1' ? bytes : asHttp10(bytes));
      headSent = true;
      done();
    },
  });
  const close = (): void => {
    settled = true;
    client.destroy();
    pipe.destroy();
  };
  const finish = (news: HttpNews): void => {
    if (settled) return;
    close();
    settle(news);
  };
  const giveUp = (reason: string): void => finish({ kind: 'unusable', reason });
  const client = ask({
    method: request.method,
    path: request.path,
    createConnection: () => pipe, // and no agent
    setHost: false,
    maxHeaderSize: MOST_HEADER_BYTES,
    insecureHTTPParser: false,
    headers: request.headers,
  });
  if (request.headers['Connection'] === undefined) client.removeHeader('Connection'); // without an agent, Node would say close
  client.on('error', (error) => giveUp(cut ? CUT : `the peer does not speak HTTP/1.1: ${oneLine(error.message)}`));
  client.on('information', () => {
    interimCount += 1;
    if (interimCount > MOST_INTERIM_RESPONSES) giveUp(`more than ${MOST_INTERIM_RESPONSES} interim replies (1xx)`);
  });
  client.on('upgrade', (response) => finish({ kind: 'answered', response: factsOf(response, 0) }));
  client.on('response', (response) => {
    headSeen = true;
    let bodyBytes = 0;
    response.on('error', () => giveUp(CUT));
    response.on('data', (bytes: Uint8Array) => {
      bodyBytes += bytes.length;
    });
    response.on('end', () => {
      if (response.complete) finish({ kind: 'answered', response: factsOf(response, bodyBytes) });
    });
    const framing = framingOf({
      method: request.method,
      status: response.statusCode ?? 0,
      rawHeaders: response.rawHeaders,
    });
    if (framing === 'none') finish({ kind: 'answered', response: factsOf(response, 0) });
  });
  client.end();
  return {
    receive: (bytes) => {
      byteCount += bytes.length;
      pipe.push(bytes); // which Node reads at once
      // Its own limit leaves out what separates many small fields.
      if (!headSeen && byteCount > MOST_HEADER_BYTES)
        giveUp(`the reply has more than ${MOST_HEADER_BYTES / 1024} KiB of header`);
      if (byteCount > MOST_BYTES) giveUp(`the response takes up more than ${MOST_BYTES / 1024 / 1024} MiB`);
    },
    end: () => {
      cut = true;
      pipe.push(null);
    },
    close,
  };
}

const CUT = 'the connection ended in the middle of the response';

function factsOf(
  { statusCode = 0, statusMessage = '', httpVersion, rawHeaders }: IncomingMessage,
  bodyBytes: number,
): HttpResponse {
  return { status: statusCode, statusMessage: oneLine(statusMessage), version: httpVersion, rawHeaders, bodyBytes };
}

/** Node writes HTTP/1.1 into every request line, and the whole head at once. */
function asHttp10(head: Buffer): Buffer {
  const line = head.indexOf(' HTTP/1.1\r\n');
  return Buffer.concat([
    head.subarray(0, line),
    Buffer.from(' HTTP/1.0\r\n'),
    head.subarray(line + ' HTTP/1.1\r\n'.length),
  ]);
}

/** The header Host: RFC 9110, section 7.2. A zone is of this host only (RFC 6874, section 4), and no header may hold it. */
export function hostHeader(host: string, port: number, tls: boolean): string {
  const name = isIPv6(host) ? `[${host.replace(/%.*$/, '')}]` : host;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}
