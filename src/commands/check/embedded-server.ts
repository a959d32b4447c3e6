import { createServer, type Socket } from 'node:net';

/** kaprobe's own server, for `--embedded`: holds what connects and says nothing. */
export interface EmbeddedServer {
  host: string;
  port: number;
  close(): void;
}

/** Listens on a free port of IPv4 loopback. Rejects when that is not to be had. */
export function startEmbeddedServer(): Promise<EmbeddedServer> {
  const held = new Set<Socket>();
  const server = createServer((socket) => {
    held.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => held.delete(socket));
    socket.resume();
  });
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('no address'));
      resolve({
        host: address.address,
        port: address.port,
        close: () => {
          for (const socket of held) socket.destroy();
          server.close();
        },
      });
    });
  });
}
