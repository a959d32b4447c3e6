/** The answer of the room: all live sockets that are meant, judged, in order and in numbers. */
import { UsageError } from '../../base/errors.ts';
import { plural } from '../../base/units.ts';
import type { Finding } from '../../report/finding.ts';
import type { Outcome } from '../../report/report.ts';
import type { Middlebox } from '../../report/values.ts';
import { openLiveSockets } from '../../sockets/live-sockets.ts';
import { liveSocketsJson } from '../../sockets/rows-json.ts';
import { asksForProcesses, matchesRisk } from '../../sockets/socket-filter.ts';
import { judgeRows } from '../../sockets/socket-risk.ts';
import {
  eachSocket,
  filterRows,
  firstRows,
  SocketCursor,
  type SocketRows,
  socketsOf,
} from '../../sockets/socket-table.ts';
import { type KeepaliveProbed, verifySockets } from '../../sockets/verify-sockets.ts';
import type { CommandContext } from '../room.ts';
import { namespaceToLookAt, type SocketSelection } from '../shared/socket-selection.ts';
import { doubtsAbout, doubtsAboutProbes, gapsIn } from './doubts.ts';
import type { AffectedProgram } from './judge-programs.ts';
import type { SocketsData } from './report.ts';
import { type SocketOrder, sortSockets, summariseSockets } from './socket-summary.ts';

/** More sockets than this nobody reads on a screen without asking for them. */
const SCREENFUL = 50;
/** A rule's findings about more programs than this are reported together. */
const MOST_PROGRAMS = 20;

/** What is asked. */
export interface SocketsQuestion extends SocketSelection {
  middleboxes: Middlebox[];
  /** Whether to judge connections within this host, which no middlebox stands between. */
  judgeLocal: boolean;
  /** Whether to look for the processes, and through them at the options themselves. */
  owners: boolean;
  /** Whether to ask the far ends of idle connections. Needs the owners. */
  verify: boolean;
  /** The process whose network namespace to look at; null: that of the processes in the filter, or kaprobe's own. */
  netns: number | null;
  order: SocketOrder;
  /** List no more than these; null: all. All are counted. */
  limit: number | null;
}

/** Lists and judges live sockets. Throws a UsageError when the question contradicts itself or names a process that does not exist. */
export async function listSockets(
  { filter, given, middleboxes, judgeLocal, owners, verify, netns, order, limit }: SocketsQuestion,
  { signal, progress, handOver }: Pick<CommandContext, 'signal' | 'progress' | 'handOver'>,
): Promise<Outcome<SocketsData>> {
  if (verify && !owners) throw new UsageError('--verify needs the processes that --no-owners leaves out');
  const pid = namespaceToLookAt(filter, netns);
  const risk = { middleboxes, judgeLocal };
  const live = await openLiveSockets(pid);
  try {
    const seen = live.look({ filter: { ...filter, risks: [] }, owners, ...risk });
    let probed: KeepaliveProbed = { sockets: 0, idlePinned: 0 };
    if (verify) {
      progress(`asking the far ends of ${plural(seen.list.rows.length, 'socket')}`);
      const asked = socketsOf(seen.list);
      probed = await verifySockets(asked, live, { pid, signal });
      eachSocket(seen.list, (socket, place) => {
        socket.verified = asked[place]?.verified ?? null;
      });
      judgeRows(seen.list, risk);
    }
    const selected =
      filter.risks.length === 0 ? seen.list : filterRows(seen.list, (socket) => matchesRisk(filter, socket));
    const sorted = sortSockets(selected, order);
    const listed = limit === null ? sorted : firstRows(sorted, limit);
    handOver?.({ key: 'sockets', jsonParts: (indent) => liveSocketsJson(listed, indent) });
    const data: SocketsData = {
      source: seen.source,
      pid,
      selection: given,
      ownerSearch: seen.ownerSearch,
      middleboxes,
      summary: summariseSockets(sorted, {
        ownersSought: seen.ownerSearch.kind === 'searched',
        listeningPorts: seen.listeningPorts,
        judgesLocal: judgeLocal,
      }),
      sockets: socketsOf(handOver !== undefined && limit === null ? firstRows(listed, SCREENFUL) : listed),
      limit,
      doubts: [...doubtsAbout(seen), ...doubtsAboutProbes(probed)],
    };
    return {
      data,
      findings: await findingsAbout(sorted, middleboxes, pid),
      gaps: gapsIn(data, sorted, { byProcess: asksForProcesses(filter), verify }),
    };
  } finally {
    live.close();
  }
}

/** The sockets of one program. */
interface Program {
  command: string | null;
  sockets: number;
  pids: Set<number>;
  /** Those that a rule may have something to say about: cursors, which cost less than copies. */
  telling: SocketCursor[];
}

/** The findings, one for each rule and program, the most affected first. */
async function findingsAbout(
  list: SocketRows,
  middleboxes: readonly Middlebox[],
  netnsPid: number | null,
): Promise<Finding[]> {
  const largestFirst = programsOf(list).sort((a, b) => b.sockets - a.sockets);
  const rest = largestFirst.slice(MOST_PROGRAMS);
  const programs: AffectedProgram[] = largestFirst
    .slice(0, MOST_PROGRAMS)
    .map((program) => ({ subject: subjectOf(program), command: program.command, sockets: program.telling }));
  if (rest.length > 0)
    programs.push({
      subject: `${rest.length} other programs`,
      command: null,
      sockets: rest.flatMap(({ telling }) => telling),
    });
  const affected = programs.filter(({ sockets }) => sockets.length > 0);
  // Rules and stacks are much to load where nothing is wrong.
  if (affected.length === 0) return [];
  const { judgePrograms } = await import('./judge-programs.ts');
  return judgePrograms(affected, { middleboxes, netnsPid });
}

function programsOf(list: SocketRows): Program[] {
  const programs = new Map<string | null, Program>();
  eachSocket(list, (socket) => {
    const { owners } = socket;
    const [first] = owners;
    const command = first?.command ?? null;
    let program = programs.get(command);
    if (program === undefined) {
      program = { command, sockets: 0, pids: new Set(), telling: [] };
      programs.set(command, program);
    }
    program.sockets += 1;
    if (first !== undefined) program.pids.add(first.pid);
    // Of one that nothing threatens, that nobody waits for and nobody shares, there is nothing to tell.
    if (socket.risk !== null || owners.length > 1 || first?.blockedIn != null)
      program.telling.push(new SocketCursor(list.table, socket.row));
  });
  return [...programs.values()];
}

function subjectOf({ command, pids }: Program): string {
  const [pid] = pids;
  if (pid === undefined) return 'sockets of no known process';
  return pids.size === 1
    ? `${command ?? 'process'} (pid ${pid})`
    : `${command ?? 'processes'} (${pids.size} processes)`;
}
