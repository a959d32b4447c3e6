// Listens on the port given and holds what connects, in silence. With a second argument it closes each connection after that many ms. It tells in
// JSON lines that it listens, of each connection that it closes (`closed`, and how long it had it), and of each of which both sides have closed (`over`).
import { createServer } from 'node:net';
import { setPriority } from 'node:os';

const [port, closeAfterMs] = process.argv.slice(2).map(Number);
const tell = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
try {
  setPriority(-15); // its time is what others measure
} catch {
  // In a user namespace.
}
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.resume();
  socket.on('close', () => tell('over'));
  if (!(closeAfterMs > 0)) return;
  const acceptedAtMs = performance.now();
  setTimeout(() => {
    if (!socket.destroyed) socket.end(() => tell('closed', { afterMs: performance.now() - acceptedAtMs }));
  }, closeAfterMs);
});
server.listen(port, () => tell('listening'));
