import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapabilityError, ParseError } from '../../../src/base/errors.ts';
import { readSockets } from '../../../src/linux/kernel-socket.ts';
import { loadLibc } from '../../../src/linux/libc.ts';
import { openSockDiag } from '../../../src/linux/netlink/sock-diag.ts';
import { listProcNetTcp, parseProcNetTcp } from '../../../src/linux/procfs/proc-net-tcp.ts';
import { thrownBy } from '../../helpers/thrown-by.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
/** A connection with a keepalive timer of 12.34 s and two unanswered probes, as a little-endian machine writes it. */
const LINE =
  '   0: 0100007F:1F90 0201A8C0:C350 01 00000005:00000007 02:000004D2 00000000  1000        2 31337 2 0000000000000000 20 4 30 10 -1                  \n';
const LINE6 =
  '   0: 0000000000000000FFFF00000100007F:1F90 B80D0120000000000000000009000000:01BB 08 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 20 4 30 10 -1\n';
const isLittle = endianness() === 'LE';

describe.skipIf(!isLittle)('parseProcNetTcp (needs a little-endian machine)', () => {
  test('reads addresses, timer and counters', () => {
    expect(parseProcNetTcp(HEAD + LINE, 4)).toEqual([
      {
        family: 4,
        state: 'established',
        localAddress: '127.0.0.1',
        localPort: 8080,
        remoteAddress: '192.168.1.2',
        remotePort: 50_000,
        timer: 'keepalive',
        expiresMs: 12_340,
        uid: 1000,
        inode: 31_337,
        cookie: null,
        info: {
          state: 'established',
          retransmits: 0,
          unansweredProbes: 2,
          unackedSegments: null,
          rttMs: null,
          lastDataSentMs: null,
          lastDataReceivedMs: null,
          lastAckReceivedMs: null,
          segmentsOut: null,
          segmentsIn: null,
          bytesReceived: null,
          notSentBytes: null,
          dataSegmentsIn: null,
        },
      },
    ]);
  });

  test('reads IPv6, mapped or not', () => {
    expect(parseProcNetTcp(HEAD + LINE6, 6)).toMatchObject([
      {
        state: 'close-wait',
        localAddress: '::ffff:127.0.0.1',
        remoteAddress: '2001:db8::9',
        remotePort: 443,
        timer: null,
      },
    ]);
  });

  test.each([
    ['a short line', LINE.slice(0, 60)],
    ['an address of the other family', LINE6],
    ['a number that is none', LINE.replace('31337', 'x')],
  ])('names the line of %s', (_, line) => {
    expect(() => parseProcNetTcp(HEAD + LINE + line, 4)).toThrow(
      new ParseError('line 3 of /proc/net/tcp is not in its form'),
    );
  });

  test('gives sockets or a ParseError for any text', () => {
    const damaged = fc.tuple(fc.nat(LINE.length), fc.nat(9), fc.string()).map(([at, less, more]) => {
      return LINE.slice(0, at) + more + LINE.slice(at + less);
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(damaged, fc.constant(LINE), fc.string())), (lines) => {
        const thrown = thrownBy(() => parseProcNetTcp(HEAD + lines.join('\n'), 4));
        expect(thrown).toBeOneOf([null, expect.any(ParseError)]);
      }),
    );
  });
});

describe('listProcNetTcp', () => {
  test('does without IPv6, and says what it lacks when there is neither', () => {
    const root = mkdtempSync(join(tmpdir(), 'kaprobe-proc-'));
    try {
      expect(() => listProcNetTcp(['established'], null, root)).toThrow(CapabilityError);
      mkdirSync(join(root, 'self/net'), { recursive: true });
      writeFileSync(join(root, 'self/net/tcp'), HEAD + LINE);
      expect(listProcNetTcp(['established'], null, root)).toHaveLength(1);
      expect(listProcNetTcp(['listen'], null, root)).toEqual([]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test.skipIf(process.platform !== 'linux')('shows the same as sock_diag (needs Linux)', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const client = connect({ port, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 1_000_000 });
    const accepted = new Promise((resolve) => server.once('connection', resolve));
    await new Promise((resolve) => client.once('connect', resolve));
    await accepted;
    const diag = openSockDiag(await loadLibc());
    try {
      const states = ['established', 'listen'] as const;
      const ours = ({ localPort, remotePort }: { localPort: number; remotePort: number }): boolean =>
        localPort === port || remotePort === port;
      const facts = ({
        state,
        localAddress,
        localPort,
        remoteAddress,
        remotePort,
        inode,
        uid,
        timer,
      }: ReturnType<typeof listProcNetTcp>[number]) =>
        JSON.stringify([state, localAddress, localPort, remoteAddress, remotePort, inode, uid, timer]);
      const listed = readSockets(diag, { states, withInfo: true }).sockets.filter(ours);
      expect(listed).toHaveLength(3);
      expect(listProcNetTcp(states, null).filter(ours).map(facts).sort()).toEqual(listed.map(facts).sort());
    } finally {
      diag.close();
      client.destroy();
      server.close();
    }
  });
});
