import type { Report } from '../report/report.ts';
import type { Room } from './room.ts';

interface ListedRoom<Data = unknown> {
  /** What the command answers, in one line of the help. */
  summary: string;
  load(): Promise<Room<Data>>;
}

const listed = <Data>(summary: string, load: () => Promise<{ room: Room<Data> }>): ListedRoom<Data> => ({
  summary,
  load: async () => (await load()).room,
});

/** The commands in the order of the help, a line each. Only the one that is called is loaded. */
export const commands = {
  check: listed(
    'is this endpoint reachable, does it answer keepalive probes, will these settings survive that middlebox',
    () => import('./check/command.ts'),
  ),
  measure: listed(
    "a path's idle timeout, what happens at it and who enforces it, in about the time of that timeout",
    () => import('./measure/command.ts'),
  ),
  watch: listed(
    'hold connections, or observe those of a process, and tell a stall, a reset or a silence the moment it shows',
    () => import('./watch/command.ts'),
  ),
  sysctl: listed(
    "this network namespace's keepalive and TIME_WAIT settings, judged against a middlebox timeout",
    () => import('./sysctl/command.ts'),
  ),
  sockets: listed(
    'every live TCP socket here: who holds it, its effective keepalive, its age of silence, its risk',
    () => import('./sockets/command.ts'),
  ),
  rescue: listed(
    'switches keepalive on in, or shuts down, a live connection of a running process, without restarting it',
    () => import('./rescue/command.ts'),
  ),
  run: listed('runs a program and judges every connection that it opens', () => import('./run/command.ts')),
  timewait: listed(
    'what is in TIME_WAIT by peer, which side closes and how fast, whether connections are reused, how many ports are left',
    () => import('./timewait/command.ts'),
  ),
  http: listed(
    'does this HTTP server keep connections, why not, when does it close idle ones, and who races with that',
    () => import('./http/command.ts'),
  ),
  chain: listed(
    'do the idle timeouts of client, proxy and application line up; reads nginx and gunicorn configuration',
    () => import('./chain/command.ts'),
  ),
  explain: listed(
    'what a finding means, why it happens, how kaprobe knows, and what to do about it',
    () => import('./explain/command.ts'),
  ),
  middleboxes: listed(
    'the idle timeouts that firewalls, NATs, load balancers and proxies ship with; searchable',
    () => import('./middleboxes/command.ts'),
  ),
  simulate: listed(
    'the exact timeline of an idle, busy or dead connection under given settings, without any network',
    () => import('./simulate/command.ts'),
  ),
  lab: listed(
    'a throw-away network with a real stateful firewall that forgets: a demonstration, or for your own command',
    () => import('./lab/command.ts'),
  ),
  serve: listed(
    'a cooperating far end: holds connections, echoes, or speaks first after a time that the client asks for',
    () => import('./serve/command.ts'),
  ),
} satisfies Record<string, ListedRoom>;

export type CommandName = keyof typeof commands;

type DataOf<C extends CommandName> = (typeof commands)[C] extends ListedRoom<infer Data> ? Data : never;

/** The report of a command. */
export type ReportOf<C extends CommandName> = Report<DataOf<C>, C>;

/** A report of some command, told apart by `command`. */
export type AnyReport = { [C in CommandName]: ReportOf<C> }[CommandName];
