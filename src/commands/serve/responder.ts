import { createServer, type Server, type Socket } from 'node:net';
import { endpoint } from '../../base/endpoint.ts';
import { KernelError } from '../../base/errors.ts';
import { formatDuration, plural } from '../../base/units.ts';
import type { ServeData, ServedClient } from './report.ts';
import { serve } from './served-connection.ts';

/** How a responder behaves. */
export interface ResponderOptions {
  /** A literal address of this host. */
  host: string;
  /** 0: a free one. */
  port: number;
  /** `hold`: says nothing. `echo`: sends back what comes. */
  mode: ServeData['mode'];
  /** Connections at once; more are closed as soon as they are made. */
  maxConnections: number;
  /** How long it will listen: nobody can have it speak later than that. */
  forMs: number;
  /** Told what happens, one line each: already bounded in number and length, not made printable. */
  log(line: string): void;
}

/** What happened so far. */
type ResponderCounts = Pick<
  ServeData,
  'accepted' | 'refused' | 'peak' | 'open' | 'spoken' | 'receivedBytes' | 'sentBytes' | 'clients' | 'otherClients'
>;

/** A cooperating far end. */
export interface Responder {
  port: number;
  counts(): ResponderCounts;
  /** Closes every connection and the port. */
  close(): void;
}

/** The clients that are counted one by one. */
const KNOWN_CLIENTS = 100;
/** Lines of log that may come within a second; the rest is counted. */
const LOG_LINES_PER_SECOND = 20;

/**
 * Listens, and holds what connects for as long as the responder lives. Each connection is plain data, treated as `mode` says, unless it
 * begins with `kaprobe `: then it is made of requests, one a line:
 *
 *     kaprobe speak-after 90s
 *     kaprobe speak-when NAME
 *     kaprobe speak-now NAME
 *
 * Upon the first the responder is silent for that time (at least 1 ms, at most what is left of its own), then says `kaprobe speaks` in a
 * line, and waits for the next request. Upon the second it does so when the third comes on another connection, which is answered with
 * `kaprobe has spoken`; the name is 128 bits in hexadecimal, so that only who gave it can use it. A request while one is running, a line
 * that is none, is longer than 256 bytes or has not come to its end in ten seconds is answered with one line that begins
 * `kaprobe refuses`, and the connection is closed.
 *
 * So on no connection is more sent than was received, plus one line. Nothing that is read is kept but the unfinished request; a client
 * that does not read what is echoed to it is not read from either. TCP keepalive is off on purpose: it would refresh the middleboxes that
 * are being measured.
 *
 * @throws KernelError when it cannot listen there.
 */
export async function startResponder(options: ResponderOptions): Promise<Responder> {
  const { host, port, maxConnections } = options;
  const until = performance.now() + options.forMs;
  const log = limitRate(options.log);
  const sockets = new Set<Socket>();
  const clients = new Map<string, ServedClient>();
  /** What to do when a name is called; one for each connection at the most. */
  const called = new Map<string, () => void>();
  const counts = { accepted: 0, refused: 0, peak: 0, spoken: 0, receivedBytes: 0, sentBytes: 0, otherClients: 0 };

  const server = createServer((socket) => {
    sockets.add(socket);
    counts.accepted += 1;
    counts.peak = Math.max(counts.peak, sockets.size);
    const client = clientAt(socket.remoteAddress ?? 'unknown');
    if (client !== null) client.connections += 1;
    const name = nameOf(socket);
    const acceptedAtMs = performance.now();
    const own = { receivedBytes: 0, sentBytes: 0 };
    log(`${name} connected, ${sockets.size} open`);
    const books = [counts, own, ...(client === null ? [] : [client])];
    serve(socket, {
      mode: options.mode,
      leftMs: () => until - performance.now(),
      received: (sizeBytes) => {
        for (const book of books) book.receivedBytes += sizeBytes;
      },
      sent: (sizeBytes) => {
        for (const book of books) book.sentBytes += sizeBytes;
      },
      spoke: () => {
        counts.spoken += 1;
      },
      called,
      log: (what) => log(`${name} ${what}`),
    });
    let end = 'closed';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end = `ended with ${error.code ?? 'an error'}`;
    });
    socket.on('close', () => {
      sockets.delete(socket);
      const { receivedBytes, sentBytes } = own;
      const age = formatDuration(Math.round(performance.now() - acceptedAtMs));
      log(`${name} ${end} after ${age}, ${plural(receivedBytes, 'byte')} received, ${plural(sentBytes, 'byte')} sent`);
    });
  });
  server.maxConnections = maxConnections;
  server.on('drop', (dropped) => {
    counts.refused += 1;
    log(`${dropped?.remoteAddress ?? 'somebody'} turned away: ${plural(maxConnections, 'connection')} open`);
  });

  /** null: not one of the first. */
  function clientAt(address: string): ServedClient | null {
    const known = clients.get(address);
    if (known !== undefined) return known;
    if (clients.size >= KNOWN_CLIENTS) {
      counts.otherClients += 1;
      return null;
    }
    const client = { address, connections: 0, receivedBytes: 0, sentBytes: 0 };
    clients.set(address, client);
    return client;
  }

  await listen(server, host, port);
  server.on('error', (error: NodeJS.ErrnoException) => log(`accepting failed: ${error.code ?? error.message}`));
  const address = server.address();
  return {
    port: address === null || typeof address === 'string' ? port : address.port,
    counts: () => ({ ...counts, open: sockets.size, clients: [...clients.values()].map((client) => ({ ...client })) }),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      log.flush();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const errno = error.code ?? 'EIO';
      reject(new KernelError(errno, `cannot listen on ${endpoint(host, port)}`, LISTEN_HINTS[errno]));
    });
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

const LISTEN_HINTS: Record<string, string> = {
  EADDRINUSE: 'another program listens there: give another --port, or 0 for a free one',
  EADDRNOTAVAIL: 'this host has no such address: --host takes one of its own, 0.0.0.0 or ::',
  EACCES: 'ports below 1024 need rights: give another --port',
};

function nameOf({ remoteAddress = 'unknown', remotePort }: Socket): string {
  return endpoint(remoteAddress, remotePort ?? 0);
}

/** Passes on so many lines a second and counts the others, so that a flood of connections does not become one of lines. */
function limitRate(log: (line: string) => void): ((line: string) => void) & { flush(): void } {
  let windowFromMs = Number.NEGATIVE_INFINITY;
  let passedCount = 0;
  let heldBackCount = 0;
  const flush = (): void => {
    if (heldBackCount > 0) log(`${heldBackCount} more lines left out`);
    heldBackCount = 0;
  };
  const limited = (line: string): void => {
    const nowMs = performance.now();
    if (nowMs - windowFromMs >= 1000) {
      flush();
      windowFromMs = nowMs;
      passedCount = 0;
    }
    if (passedCount >= LOG_LINES_PER_SECOND) heldBackCount += 1;
    else log(line);
    passedCount += 1;
  };
  return Object.assign(limited, { flush });
}
