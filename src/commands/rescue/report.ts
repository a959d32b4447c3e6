/** What `rescue` returns. */

import type { TcpState } from '../../base/tcp-state.ts';
import type { Keepalive, Middlebox, RefusedSetting, RequestedKeepalive } from '../../report/values.ts';
import type { SocketOwner, SocketRisk } from '../../sockets/live-socket.ts';

/** What is to be done with the sockets that were chosen. */
export type RescueAction =
  /** What is null stays as it is. */
  | { kind: 'keepalive'; keepalive: RequestedKeepalive }
  /** shutdown(2) in both directions: whoever waits in a read gets the end of the stream at once; the far end gets a FIN. */
  | { kind: 'shutdown' };

/** What became of one socket. */
export type RescueResult =
  /** Nothing was done: `--yes` was not given. */
  | { kind: 'planned' }
  /** Its settings were those already. */
  | { kind: 'unchanged' }
  /** `after`: read back from the socket; `refused`: what the kernel would not take. */
  | { kind: 'changed'; after: Keepalive; refused: RefusedSetting[] }
  | { kind: 'shut-down'; state: TcpState }
  /** By kaprobe, or by the kernel; nothing was changed. */
  | { kind: 'refused'; reason: string };

/** What was seen of a connection while `--wait` lasted. */
export type RescueFollowUp =
  /** Something came from the far end: it is alive, and is looked after from now on. */
  | { kind: 'answered'; afterMs: number }
  /** It is gone: given up by the kernel, reset, or closed by its process. */
  | { kind: 'ended'; afterMs: number }
  /** Neither, until the end of the wait. `nextProbeMs` null: none is planned. */
  | { kind: 'waiting'; afterMs: number; unansweredProbes: number | null; nextProbeMs: number | null };

export interface RescuedSocket {
  local: string;
  remote: string;
  state: TcpState;
  /** All processes that hold it: it is one socket, and what is done concerns all of them. */
  owners: SocketOwner[];
  /** How long nothing has come; null: not known. */
  silenceMs: number | null;
  /** Segments that wait for an acknowledgement: while there are any, no keepalive probe is sent. */
  unacked: number | null;
  risk: SocketRisk | null;
  /** Read from the socket; null: it could not be. */
  before: Keepalive | null;
  /** What it is to be; null: not known, or not what the action is about. */
  planned: Keepalive | null;
  result: RescueResult;
  /** From now, if the far end answers nothing; null: never, or not known. */
  givenUpAfterMs: number | null;
  followUp: RescueFollowUp | null;
  /** The command that puts everything back; null: there is nothing to put back, or it cannot be. */
  undo: string | null;
}

export interface RescueData {
  /** The process whose network namespace was looked at; null: kaprobe's own. */
  pid: number | null;
  /** The selection as it was asked for: `--remote 10.0.0.0/8`. */
  selection: string[];
  action: RescueAction;
  /** Whether it was to be done (`--yes`), and not only shown. */
  confirmed: boolean;
  sockets: RescuedSocket[];
  middleboxes: Middlebox[];
}
