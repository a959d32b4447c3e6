/**
 * All TCP sockets of a network namespace from /proc/net/tcp and /proc/net/tcp6 (get_tcp4_sock in net/ipv4/tcp_ipv4.c), for where there is no
 * sock_diag: slower, and without cookies and without the times of the last segments.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { CapabilityError, errnoOf, ParseError } from '../../base/errors.ts';
import { TCP_STATES, TCP_TIMERS, type TcpState } from '../../base/tcp-state.ts';
import { formatIpv4, formatIpv6 } from '../addresses.ts';
import type { KernelSocket } from '../kernel-socket.ts';
import { StructView } from '../struct-view.ts';

/** Times are in USER_HZ, which is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/** Lists the sockets in these states of the network namespace of process `pid`, or of kaprobe's own. Throws a CapabilityError when the files cannot be read. */
export function listProcNetTcp(states: readonly TcpState[], pid: number | null, root = '/proc'): KernelSocket[] {
  const folder = `${root}/${pid ?? 'self'}/net`;
  const read = (file: string): string | null => {
    try {
      return readFileSync(`${folder}/${file}`, 'latin1');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw new CapabilityError(
        `cannot read ${folder}/${file}: ${errnoOf(error)}`,
        'needs /proc, and for a process of somebody else ptrace permission: run as root',
        error,
      );
    }
  };
  const four = read('tcp');
  const six = read('tcp6'); // absent where IPv6 is switched off
  if (four === null && six === null)
    throw new CapabilityError(`there is no ${folder}/tcp`, 'needs Linux with /proc mounted');
  return [...parseProcNetTcp(four ?? '', 4), ...parseProcNetTcp(six ?? '', 6)].filter(({ state }) =>
    states.includes(state),
  );
}

/** Reads one of the files. Throws a ParseError that names the line for what is not in its form. */
export function parseProcNetTcp(text: string, family: 4 | 6): KernelSocket[] {
  return text
    .split('\n')
    .slice(1) // the headings
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, family, index + 2)]));
}

function parseLine(line: string, family: 4 | 6, number: number): KernelSocket {
  const [, local, remote, state, , timer, retransmits, uid, probes, inode] = line.trim().split(/ +/);
  const [timerKind, ticks] = hexPair(timer);
  const localEnd = parseEnd(local, family);
  const remoteEnd = parseEnd(remote, family);
  const numbers = {
    state: Number.parseInt(state ?? '', 16),
    retransmits: Number.parseInt(retransmits ?? '', 16),
    uid: Number.parseInt(uid ?? '', 10),
    probes: Number.parseInt(probes ?? '', 10),
    inode: Number.parseInt(inode ?? '', 10),
  };
  const all = [timerKind, ticks, ...Object.values(numbers)];
  if (localEnd === null || remoteEnd === null || all.some(Number.isNaN))
    throw new ParseError(`line ${number} of /proc/net/tcp is not in its form`);
  const kind = TCP_TIMERS[timerKind] ?? null;
  const tcpState = TCP_STATES[numbers.state] ?? 'unknown';
  return {
    family,
    state: tcpState,
    localAddress: localEnd.address,
    localPort: localEnd.port,
    remoteAddress: remoteEnd.address,
    remotePort: remoteEnd.port,
    timer: kind,
    expiresMs: kind === null ? 0 : ticks * TICK_MS,
    uid: numbers.uid,
    inode: numbers.inode,
    cookie: null,
    info: { ...UNKNOWN_INFO, state: tcpState, retransmits: numbers.retransmits, unansweredProbes: numbers.probes },
  };
}

/** What these files do not show. */
const UNKNOWN_INFO = {
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
} as const;

function hexPair(text = ''): [number, number] {
  const [, first = '', second = ''] = /^([0-9a-f]+):([0-9a-f]+)$/i.exec(text) ?? [];
  return [Number.parseInt(first, 16), Number.parseInt(second, 16)];
}

/** `0100007F:1F90`: each 32-bit word of the address as this machine's integer. */
function parseEnd(text: string | undefined, family: 4 | 6): { address: string; port: number } | null {
  const digits = family === 4 ? 8 : 32;
  const [, words = '', port = ''] = /^([0-9a-f]+):([0-9a-f]{4})$/i.exec(text ?? '') ?? [];
  if (words.length !== digits) return null;
  const bytes = new Uint8Array(digits / 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < digits; at += 8) {
    view.setUint32(at / 2, Number.parseInt(words.slice(at, at + 8), 16), endianness() === 'LE');
  }
  const address = (family === 4 ? formatIpv4 : formatIpv6)(new StructView(bytes), 0);
  return { address, port: Number.parseInt(port, 16) };
}
