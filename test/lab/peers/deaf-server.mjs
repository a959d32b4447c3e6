// Listens on the ports given, holds what connects, and never reads: whoever sends enough meets a closed window.
import { createServer } from 'node:net';

const listening = process.argv.slice(2).map((port) => {
  const server = createServer({ pauseOnConnect: true }, (socket) => socket.on('error', () => {}));
  return new Promise((resolve) => server.listen(Number(port), resolve));
});
await Promise.all(listening);
process.stdout.write(`${JSON.stringify({ event: 'listening' })}\n`);
