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

/** Puts any server on a free port. Closing it ends its connections. */
export function listening(server: Server, host = '127.0.0.1'): Promise<TestServer> {
  const held = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    held.add(socket);
    socket.once('close', () => held.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
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

/** A port of loopback on which nothing listens: it was free a moment ago, and the kernel hands others out first. */
export async function closedPort(): Promise<number> {
  const server = await serve();
  await server.close();
  return server.port;
}
