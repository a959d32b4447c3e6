import { TCP_STATES, type TcpState } from '../base/tcp-state.ts';
import type { Libc } from './libc.ts';
import { StructView } from './struct-view.ts';

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** Up to tcpi_data_segs_out, which Linux 4.6 added. */
const SIZE_BYTES = 160;

/** Where the fields stand in `struct tcp_info` (linux/tcp.h). */
const OFFSET = {
  state: 0,
  retransmits: 2,
  probes: 3,
  unacked: 24,
  lastDataSent: 44,
  lastDataReceived: 52,
  lastAckReceived: 56,
  rtt: 68,
  bytesReceived: 128,
  segmentsOut: 136,
  segmentsIn: 140,
  notSentBytes: 144,
  dataSegmentsIn: 152,
} as const;

/** The part of `struct tcp_info` (linux/tcp.h) that kaprobe reads. null: this kernel's struct ends before the field, or nothing tells it. */
export interface TcpInfo {
  state: TcpState;
  /** tcpi_retransmits: of the segment that waits for its acknowledgement. */
  retransmits: number;
  /** tcpi_probes: keepalive or window probes sent since the last acknowledgement. */
  unansweredProbes: number;
  /** tcpi_unacked: segments sent and not acknowledged. */
  unackedSegments: number | null;
  /** tcpi_rtt: the smoothed round-trip time. */
  rttMs: number | null;
  /** tcpi_last_data_sent, tcpi_last_data_recv: since the last segment with payload went, and came. */
  lastDataSentMs: number | null;
  lastDataReceivedMs: number | null;
  /** tcpi_last_ack_recv: since the last segment that carried an acknowledgement, which is every one of an established connection. */
  lastAckReceivedMs: number | null;
  /** tcpi_segs_out, tcpi_segs_in: segments of any kind. */
  segmentsOut: number | null;
  segmentsIn: number | null;
  /** tcpi_bytes_received: with a FIN as one byte. */
  bytesReceived: number | null;
  /** tcpi_notsent_bytes: handed over by the program and never sent yet. */
  notSentBytes: number | null;
  /** tcpi_data_segs_in: segments with payload. */
  dataSegmentsIn: number | null;
}

/** One or many `struct tcp_info`, read where they stand: what is to be kept must be copied. */
export class TcpInfoView extends StructView implements Readonly<TcpInfo> {
  get state(): TcpState {
    return TCP_STATES[this.u8(OFFSET.state)] ?? 'unknown';
  }
  get retransmits(): number {
    return this.u8(OFFSET.retransmits);
  }
  get unansweredProbes(): number {
    return this.u8(OFFSET.probes);
  }
  get unackedSegments(): number | null {
    return this.u32OrNull(OFFSET.unacked);
  }
  get rttMs(): number | null {
    const microseconds = this.u32OrNull(OFFSET.rtt);
    return microseconds === null ? null : microseconds / 1000;
  }
  get lastDataSentMs(): number | null {
    return this.u32OrNull(OFFSET.lastDataSent);
  }
  get lastDataReceivedMs(): number | null {
    return this.u32OrNull(OFFSET.lastDataReceived);
  }
  get lastAckReceivedMs(): number | null {
    return this.u32OrNull(OFFSET.lastAckReceived);
  }
  get segmentsOut(): number | null {
    return this.u32OrNull(OFFSET.segmentsOut);
  }
  get segmentsIn(): number | null {
    return this.u32OrNull(OFFSET.segmentsIn);
  }
  get bytesReceived(): number | null {
    return this.u64OrNull(OFFSET.bytesReceived);
  }
  get notSentBytes(): number | null {
    return this.u32OrNull(OFFSET.notSentBytes);
  }
  get dataSegmentsIn(): number | null {
    return this.u32OrNull(OFFSET.dataSegmentsIn);
  }
}

/** A record of its own, to be kept. */
export function copyOfInfo(info: Readonly<TcpInfo>): TcpInfo {
  return {
    state: info.state,
    retransmits: info.retransmits,
    unansweredProbes: info.unansweredProbes,
    unackedSegments: info.unackedSegments,
    rttMs: info.rttMs,
    lastDataSentMs: info.lastDataSentMs,
    lastDataReceivedMs: info.lastDataReceivedMs,
    lastAckReceivedMs: info.lastAckReceivedMs,
    segmentsOut: info.segmentsOut,
    segmentsIn: info.segmentsIn,
    bytesReceived: info.bytesReceived,
    notSentBytes: info.notSentBytes,
    dataSegmentsIn: info.dataSegmentsIn,
  };
}

/** Reads TCP_INFO of a socket (tcp(7)). Throws a KernelError when the descriptor is no TCP socket. */
export function readTcpInfo(libc: Libc, fd: number): TcpInfo {
  return copyOfInfo(new TcpInfoView(libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, SIZE_BYTES)));
}
