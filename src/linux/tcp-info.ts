import { endianness } from 'node:os';
import { TCP_STATES, type TcpState } from '../base/tcp-state.ts';
import type { Libc } from './libc.ts';
import { type DiagTcpInfo, decodeInfo } from './netlink/sock-diag.ts';

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_ESTABLISHED = 1;
/** Up to tcpi_data_segs_out, which Linux 4.6 added. */
const SIZE_BYTES = 160;

/** The part of `struct tcp_info` (linux/tcp.h) that kaprobe reads. null: this kernel's struct ends before the field. */
export interface TcpInfo {
  /** tcpi_state is TCP_ESTABLISHED (net/tcp_states.h). */
  established: boolean;
  /** tcpi_probes: keepalive or window probes sent since the last acknowledgement. */
  unansweredProbes: number;
  /** tcpi_unacked: segments sent and not acknowledged. */
  unackedSegments: number | null;
  /** tcpi_rtt: the smoothed round-trip time. */
  rttMs: number | null;
  /** tcpi_last_ack_recv: since the last segment that carried an acknowledgement, which is every one of an established connection. */
  lastAckReceivedMs: number | null;
  /** tcpi_last_data_recv: since the last segment with payload. */
  lastDataReceivedMs: number | null;
  /** tcpi_segs_out, tcpi_segs_in: segments of any kind. */
  segmentsOut: number | null;
  segmentsIn: number | null;
  /** tcpi_notsent_bytes: handed over by the program and never sent yet. */
  notSentBytes: number | null;
  /** tcpi_data_segs_in: segments with payload. */
  dataSegmentsIn: number | null;
}

export function readTcpInfo(libc: Libc, fd: number): TcpInfo {
  return decodeTcpInfo(libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, SIZE_BYTES));
}

/** Reads the fields out of the kernel's bytes, which are in this machine's byte order. */
export function decodeTcpInfo(bytes: Uint8Array): TcpInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (offset: number): number | null =>
    offset + 4 <= bytes.byteLength ? view.getUint32(offset, endianness() === 'LE') : null;
  const rttMicroseconds = u32(68);
  return {
    established: bytes[0] === TCP_ESTABLISHED,
    unansweredProbes: bytes[3] ?? 0,
    unackedSegments: u32(24),
    rttMs: rttMicroseconds === null ? null : rttMicroseconds / 1000,
    lastAckReceivedMs: u32(56),
    lastDataReceivedMs: u32(52),
    segmentsOut: u32(136),
    segmentsIn: u32(140),
    notSentBytes: u32(144),
    dataSegmentsIn: u32(152),
  };
}

/** Reads of one's own socket what sock_diag tells of everybody's. */
export function readDiagInfo(libc: Libc, fd: number): { state: TcpState; info: DiagTcpInfo | null } {
  const bytes = libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, SIZE_BYTES);
  return { state: TCP_STATES[bytes[0] ?? 0] ?? 'unknown', info: decodeInfo(bytes) };
}
