// Listens on the port given and holds what connects, in silence. With a second argument it closes each connection after that many ms.
import { createServer } from 'node:net';

const [port, closeAfterMs] = process.argv.slice(2).map(Number);
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.resume();
  if (closeAfterMs > 0) setTimeout(() => socket.end(), closeAfterMs);
});
server.listen(port, () => process.stdout.write(`${JSON.stringify({ event: 'listening' })}\n`));
