import { createServer, type Server, type Socket } from 'node:net';

/** A server of a test's own on loopback. */
export interface TestServer {
  port: number;
  close(): Promise<void>;
}

/** Listens on a free port; what connects is handed to `greet`. It never closes its side by itself. */
export function serve(greet: (socket: Socket) => void = () => {}, host = '127.0.0.1'): Promise<TestServer> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.resume();
    greet(socket);
  });
  return listening(server, host);
}

/** Puts any server on a free port, or on the one given. Closing it ends its connections. */
export function listening(server: Server, host = '127.0.0.1', port = 0): Promise<TestServer> {
  const held = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    held.add(socket);
    socket.once('close', () => held.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('no port'));
      resolve({
        port: address.port,
        close: () =>
          new Promise((closed) => {
            for (const socket of held) socket.destroy();
            server.close(() => closed());
          }),
      });
    });
  });
}

/**
 * Below the ports that Linux hands out by itself (ip_local_port_range begins at 32768), so that nobody gets one of these who did not ask for it;
 * a share of them for each process of the tests that runs at the same time.
 */
const SHARE = 1250;
const firstPort = 12_000 + SHARE * (Number(process.env['VITEST_POOL_ID'] ?? 0) % 16);
/** Not the same one in each process: connections to the port of one that has just ended may still be in TIME_WAIT. */
let nextPort = Math.floor(Math.random() * SHARE);

/** A port of loopback on which nothing listens, and nothing will that is not told to. */
export async function closedPort(): Promise<number> {
  for (;;) {
    nextPort = (nextPort + 1) % SHARE;
    const server = await listening(createServer(), '127.0.0.1', firstPort + nextPort).catch(() => null);
    if (server === null) continue; // a service of this host
    await server.close();
    return server.port;
  }
}
