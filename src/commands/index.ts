import type { Command } from 'commander';
import type { WatchEvent, WatchView } from '../report/watch.ts';
import type { CommandName, Outcome, PassedThrough, Severity, Watched } from '../report.ts';

/** What a command may ask of the program that runs it. */
export interface CommandContext {
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  /** `--fail-on`: verdicts within the data agree with the report's. */
  failOn: Severity;
  /** Shows one line of progress in place of the last; does nothing unless stderr is a terminal. */
  progress(line: string): void;
  /** Writes one line of progress that stays; left out unless stderr is a terminal. */
  note?(line: string): void;
  /** Writes one line to stderr, wherever that goes, at once. Left out: nobody listens, as in the library. */
  tell?(line: string): void;
  /** Tells an event the moment that it happens. Left out: nobody listens. */
  emit?(event: WatchEvent): void;
  /** Shows how things are, in place of what was shown before. Left out: there is no terminal. */
  show?(view: WatchView): void;
}

/**
 * A subcommand: declares its flags, gathers, returns data and findings. It never prints and never sets an exit code. `Also` is for those
 * that can let another program answer.
 */
export interface CommandModule<C extends CommandName = CommandName, Also extends PassedThrough | Watched<C> = never> {
  /** Ctrl-C is an end like any other: it returns its report, and the exit code is the report's. */
  endsOnInterrupt?: true;
  /** Declares arguments, options and help on a command that already has its name and summary. */
  declare(command: Command): void;
  /** Throws a KaprobeError when the question cannot be asked. */
  run(operands: string[], options: Record<string, unknown>, context: CommandContext): Promise<Outcome<C> | Also>;
}

/** The subcommands in the order of the help. Only the one that is called is loaded. */
export const commands: {
  [C in CommandName]: { summary: string; load: () => Promise<CommandModule<C, PassedThrough | Watched<C>>> };
} = {
  check: {
    summary: 'is this endpoint reachable, does it answer keepalive probes, will these settings survive that middlebox',
    load: async () => (await import('./check.ts')).check,
  },
  measure: {
    summary: "a path's idle timeout, what happens at it and who enforces it, in about the time of that timeout",
    load: async () => (await import('./measure.ts')).measure,
  },
  watch: {
    summary:
      'hold connections, or observe those of a process, and tell a stall, a reset or a silence the moment it shows',
    load: async () => (await import('./watch.ts')).watch,
  },
  sysctl: {
    summary: "this network namespace's keepalive and TIME_WAIT settings, judged against a middlebox timeout",
    load: async () => (await import('./sysctl.ts')).sysctl,
  },
  sockets: {
    summary: 'every live TCP socket here: who holds it, its effective keepalive, its age of silence, its risk',
    load: async () => (await import('./sockets.ts')).sockets,
  },
  rescue: {
    summary: 'switches keepalive on in, or shuts down, a live connection of a running process, without restarting it',
    load: async () => (await import('./rescue.ts')).rescue,
  },
  run: {
    summary: 'runs a program and judges every connection that it opens',
    load: async () => (await import('./run.ts')).run,
  },
  timewait: {
    summary:
      'what is in TIME_WAIT by peer, which side closes and how fast, whether connections are reused, how many ports are left',
    load: async () => (await import('./timewait.ts')).timewait,
  },
  http: {
    summary: 'does this HTTP server keep connections, why not, when does it close idle ones, and who races with that',
    load: async () => (await import('./http.ts')).http,
  },
  chain: {
    summary: 'do the idle timeouts of client, proxy and application line up; reads nginx and gunicorn configuration',
    load: async () => (await import('./chain.ts')).chain,
  },
  middleboxes: {
    summary: 'the idle timeouts that firewalls, NATs, load balancers and proxies ship with; searchable',
    load: async () => (await import('./middleboxes.ts')).middleboxes,
  },
  simulate: {
    summary: 'the exact timeline of an idle, busy or dead connection under given settings, without any network',
    load: async () => (await import('./simulate.ts')).simulate,
  },
  lab: {
    summary:
      'a throw-away network with a real stateful firewall that forgets: a demonstration, or for your own command',
    load: async () => (await import('./lab.ts')).lab,
  },
  serve: {
    summary: 'a cooperating far end: holds connections, echoes, or speaks first after a time that the client asks for',
    load: async () => (await import('./serve.ts')).serve,
  },
};
