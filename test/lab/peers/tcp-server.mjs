// Listens on the port given, sends everything back, and tells what happens as JSON lines. A line `{"do":"say"}` on its standard input
// makes it send a byte on every connection.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const sockets = new Set();
const server = createServer((socket) => {
  const from = { address: socket.remoteAddress?.replace('::ffff:', ''), port: socket.remotePort };
  sockets.add(socket);
  tell({ event: 'accepted', from });
  socket.on('data', (data) => {
    tell({ event: 'received', from, text: data.toString() });
    socket.write(data);
  });
  socket.on('error', (error) => tell({ event: 'failed', from, error: error.code }));
  socket.on('close', () => {
    sockets.delete(socket);
    tell({ event: 'closed', from });
  });
});
server.on('error', (error) => tell({ event: 'failed', error: error.code }));
server.listen(Number(process.argv[2]), () => tell({ event: 'listening' }));
createInterface({ input: process.stdin }).on('line', (line) => {
  if (JSON.parse(line).do === 'say') for (const socket of sockets) socket.write('?');
});
