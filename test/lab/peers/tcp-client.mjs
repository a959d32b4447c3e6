// Opens and uses connections as the JSON lines on its standard input say, and tells what happens as JSON lines:
// {"do":"connect","id":"a","host":"10.0.0.1","port":80,"keepalive":true} and {"do":"send","id":"a","text":"x"}.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const sockets = new Map();
createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  const { id } = command;
  if (command.do === 'send') {
    sockets.get(id).write(command.text);
    return;
  }
  const { host, port, keepalive } = command;
  const socket = connect({ host, port, keepAlive: keepalive === true, keepAliveInitialDelay: 1000 });
  sockets.set(id, socket);
  socket.on('connect', () => tell({ event: 'connected', id, port: socket.localPort }));
  socket.on('data', (data) => tell({ event: 'received', id, text: data.toString() }));
  socket.on('error', (error) => tell({ event: 'failed', id, error: error.code }));
  socket.on('close', () => tell({ event: 'closed', id }));
});
