// Makes connections with socket options and watches what the kernel does to them, as the JSON on its command line says:
// [{"id":"a","host":"10.0.0.1","port":80,"options":[[level,name,value]],"write":"nothing"|"byte"|"much"}].
// Tells of each, in a JSON line {"event":"ended","id":"a","fromMs":…,"sentAtMs":[…],"diedAtMs":…}, when it is not established any more; the
// times are on one clock. `fromMs`: the write of the byte, else the last segment received before the kernel began to probe.
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import koffi from 'koffi';

const libc = koffi.load(null);
const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint)');
const getsockopt = libc.func('int getsockopt(int, int, int, void *, _Inout_ uint *)');
const ESTABLISHED = 1;
const now = () => performance.now();
const info = (fd) => {
  const bytes = Buffer.alloc(160);
  getsockopt(fd, 6, 11, bytes, [160]);
  return { state: bytes[0], lastAckReceivedMs: bytes.readUInt32LE(56), segmentsOut: bytes.readUInt32LE(136) };
};

try {
  setPriority(-15); // who looks late sees two segments as one
} catch {
  // In a user namespace.
}
for (const { id, host, port, options, write } of JSON.parse(process.argv[2])) {
  const socket = connect({ host, port });
  socket.on('error', () => {});
  socket.on('connect', () => {
    const { fd } = socket._handle;
    for (const [level, name, value] of options) setsockopt(fd, level, name, new Int32Array([value]), 4);
    let seen = info(fd);
    let fromMs = write === 'byte' ? now() : now() - seen.lastAckReceivedMs;
    if (write === 'byte') socket.write('x');
    if (write === 'much') socket.write(Buffer.alloc(8_000_000));
    let { segmentsOut } = info(fd);
    const sentAtMs = [];
    const timer = setInterval(() => {
      if (socket.destroyed) return end();
      seen = info(fd); // at once, since the reset that ends a connection is a segment too
      if (seen.state !== ESTABLISHED) return end();
      if (seen.segmentsOut !== segmentsOut) sentAtMs.push(now());
      segmentsOut = seen.segmentsOut;
      // While data flows its acknowledgements come close together; answers to window probes do not. The kernel tells whole milliseconds.
      const receivedMs = now() - seen.lastAckReceivedMs;
      if (write === 'much' && receivedMs > fromMs + 5 && receivedMs < fromMs + 190) {
        fromMs = receivedMs;
        sentAtMs.length = 0;
      }
    }, 4);
    const end = () => {
      clearInterval(timer);
      const event = { event: 'ended', id, fromMs, sentAtMs, diedAtMs: now() };
      process.stdout.write(`${JSON.stringify(event)}\n`);
      socket.destroy();
    };
  });
}
