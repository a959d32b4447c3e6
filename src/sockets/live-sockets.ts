/** Looks at the live TCP sockets of this host: the kernel's list, who holds them, and their options, as far as rights reach. Changes nothing. */
import { unlessMissing } from '../base/errors.ts';
import { hasManySockets } from '../linux/bpf/held-sockets.ts';
import { loadLibc } from '../linux/libc.ts';
import { hidesProcesses, readMounts } from '../linux/procfs/socket-holders.ts';
import { findOwners } from './find-owners.ts';
import type { OwnerSearch } from './live-socket.ts';
import {
  asksForEnds,
  asksForProcesses,
  matchesEnds,
  matchesOwners,
  matchesRisk,
  type SocketFilter,
} from './socket-filter.ts';
import { type OpenedSocketList, openSocketList } from './socket-list.ts';
import { judgeRows, type RiskContext } from './socket-risk.ts';
import { allRows, filterRows, SocketCursor, type SocketRows, SocketTable } from './socket-table.ts';

/** What to look at, and how closely. */
interface LiveSocketsQuestion extends RiskContext {
  /** The states are what the kernel is asked for: none means none. */
  filter: SocketFilter;
  /** Whether to look for the processes, and through them at the options themselves; a filter by process looks for them anyway. */
  owners: boolean;
  /** Look through the descriptors of these processes only; left out: of all. */
  among?: readonly number[];
}

/** What was seen, with the sockets in rows. */
export interface LiveSocketsLook extends Pick<OpenedSocketList, 'source' | 'withoutSockDiag'> {
  list: SocketRows;
  ownerSearch: OwnerSearch;
  /** The ports that something listens on: connections to these came from outside. */
  listeningPorts: ReadonlySet<number>;
  /** Why no options could be read from any socket; null when they could be tried. */
  withoutOptions: string | null;
  /** Whether the kernel's tables stood still while they were read: if not, sockets may be missing or twice there. */
  consistent: boolean;
}

/** A way to look repeatedly. */
export interface LiveSockets {
  look(question: LiveSocketsQuestion): LiveSocketsLook;
  close(): void;
}

/**
 * Prepares to look at the network namespace of process `pid`, or at kaprobe's own. Throws as openSocketList() does. `manySockets`: from how many on the
 * kernel is asked for all owners at once (readHeldSockets).
 */
export async function openLiveSockets(pid: number | null = null, manySockets?: number): Promise<LiveSockets> {
  const libc = await loadLibc().catch(unlessMissing);
  const kernel = await openSocketList(pid);
  const { source, withoutSockDiag } = kernel;
  return {
    look: (question) => {
      const { filter, owners, among = null } = question;
      const { table, listeningPorts, consistent } = read(kernel, filter);
      let list = allRows(table);
      let ownerSearch: OwnerSearch = { kind: 'not-asked' };
      const byProcess = asksForProcesses(filter);
      const isMeant = (socket: SocketCursor): boolean => matchesOwners(filter, socket);
      if (owners || byProcess) {
        const hiddenProcesses = findOwners(table, {
          libc: libc instanceof Error ? null : libc,
          asksKernel: among === null && !byProcess && hasManySockets(pid, manySockets),
          among,
          wanted: byProcess ? isMeant : null,
        });
        if (byProcess) list = filterRows(list, isMeant);
        ownerSearch = { kind: 'searched', hiddenProcesses, processesInvisible: hidesProcesses(readMounts()) };
      }
      judgeRows(list, question);
      if (filter.risks.length > 0) list = filterRows(list, (socket) => matchesRisk(filter, socket));
      const withoutOptions = libc instanceof Error ? libc.message : null;
      return { source, withoutSockDiag, list, ownerSearch, listeningPorts, withoutOptions, consistent };
    },
    close: kernel.close,
  };
}

/** All sockets whose state and ends are as asked. */
function read(
  kernel: OpenedSocketList,
  filter: SocketFilter,
): { table: SocketTable } & Pick<LiveSocketsLook, 'listeningPorts' | 'consistent'> {
  const table = new SocketTable();
  const added = new SocketCursor(table);
  const byEnds = asksForEnds(filter);
  const consistent = kernel.each({ states: filter.states, withInfo: true }, (socket) => {
    table.add(socket);
    if (byEnds && !matchesEnds(filter, added.moveTo(table.rows - 1))) table.dropLast();
  });
  const listeningPorts = new Set<number>();
  kernel.each({ states: ['listen'], withInfo: false }, ({ localPort }) => listeningPorts.add(localPort));
  return { table, listeningPorts, consistent };
}
