import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { CapabilityError, KernelError, UsageError } from '../../base/errors.ts';
import { startGuard } from './guard.ts';
import { createNamespaces, type Namespaces, type Privilege } from './namespaces.ts';
import type { LabOptions } from './options.ts';
import {
  type HostPlan,
  type HostRole,
  hostBatch,
  type InterfacePlan,
  type LabPlan,
  linkBatch,
  linkDownBatch,
  planLab,
} from './plan.ts';
import { finish, firstLine, type RunOptions, type RunResult } from './run.ts';
import { findTools, type Tools, withAdministration } from './tools.ts';

/** How to build, as opposed to what. */
export interface LabContext {
  /** Gives the set-up up, and takes down what was set up until then. Later it does nothing. */
  signal?: AbortSignal;
  /** null, the default: with the caller's rights if they suffice, otherwise in a user namespace. */
  privilege?: Privilege | null;
  /** Where `ip`, `nft` and the others are looked for; default PATH and the administration folders. */
  searchPath?: string;
}

/** One host of a lab. */
export interface LabHost {
  /** `client`, `router-1`, `firewall-1`, `router-2`, `server`, … */
  readonly name: string;
  readonly role: HostRole;
  /** The TTL at which the client reaches it; 0 is the client itself. */
  readonly hop: number;
  /** Those on the side of the client, with which it answers an expired TTL; the client's own for the client. `ipv6` null: no IPv6 here. */
  readonly addresses: { readonly ipv4: string; readonly ipv6: string | null };
  readonly interfaces: readonly InterfacePlan[];
  /** The command line that runs `argv` in this host; works for this process and its children as long as the lab stands. */
  commandLine(argv: readonly string[]): [string, ...string[]];
  /**
   * Starts a program in this host. The child's pid is that of the program. A program that cannot be found ends with 127 and a line
   * on stderr. It is killed when the lab is destroyed.
   *
   * @throws UsageError after that.
   */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /**
   * Runs a program in this host to its end.
   *
   * @throws KernelError when it is not done in time (ETIMEDOUT), the signal's reason when that is aborted; both kill it.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /**
   * Adds rules, in the syntax of `nft -f`. In a firewall, those of the chain `inet lab adhoc` come first for every forwarded packet,
   * after conntrack has seen it.
   *
   * @throws UsageError with nft's reason when it does not take them.
   */
  nft(rules: string): Promise<void>;
}

/** A throw-away network: client – router – stateful firewall – router – server. */
export interface Lab extends AsyncDisposable {
  readonly privilege: Privilege;
  /** All of them, from the client to the server: `path[k]` is hop k. */
  readonly path: readonly LabHost[];
  readonly client: LabHost;
  readonly server: LabHost;
  readonly routers: readonly LabHost[];
  readonly firewalls: readonly LabHost[];
  /** The one nearest to the client. */
  readonly firewall: LabHost;
  /**
   * Takes a host off the network, or brings it back with its addresses and routes. A host that is off answers nothing; after some
   * seconds the router before it says "host unreachable", as a real one would.
   */
  setLink(host: LabHost, state: 'down' | 'up'): Promise<void>;
  /**
   * Kills what runs in the hosts and removes them; may be called again. A connection that was waiting for an answer keeps its empty
   * namespace in the kernel until its next retransmission.
   *
   * @throws KernelError (EBUSY) when a process in them cannot be ended.
   */
  destroy(): Promise<void>;
}

/** Whether a lab can be built here, by trying. */
export type LabAbility =
  | { kind: 'available'; privilege: Privilege }
  | { kind: 'unavailable'; reason: string; hint: string | null };

/** Reports whether `createLab` works here, by building the smallest network and removing it. */
export async function probeLab(context: LabContext = {}): Promise<LabAbility> {
  try {
    const lab = await createLab({}, context);
    await lab.destroy();
    return { kind: 'available', privilege: lab.privilege };
  } catch (error) {
    if (error instanceof CapabilityError) return { kind: 'unavailable', reason: error.message, hint: error.hint };
    throw error;
  }
}

/**
 * Builds a network of its own: nothing in it can be reached from outside, its addresses (see `planLab`) may be in use elsewhere, and it
 * has no name that another lab could have. It is gone when it is destroyed or when this process ends, in whatever way.
 *
 * @throws UsageError for options that mean nothing; CapabilityError when programs, rights or kernel features are missing; the signal's
 * reason when that is aborted. Whatever had been set up by then is removed.
 */
export async function createLab(options: LabOptions = {}, context: LabContext = {}): Promise<Lab> {
  const { PATH } = process.env;
  const { privilege = null, searchPath = withAdministration(PATH) } = context;
  context.signal?.throwIfAborted();
  const signal = context.signal && AbortSignal.any([context.signal]);
  if (signal !== undefined) setMaxListeners(0, signal); // one for each tool that runs, and many run side by side
  const plan = planLab(options, { ipv6: existsSync('/proc/sys/net/ipv6/conf/all/disable_ipv6') });
  if (process.platform !== 'linux') throw new CapabilityError('cannot build a network: needs Linux');
  const tools = findTools(searchPath);
  const namespaces = await createNamespaces(plan.hosts.length, { tools, privilege, signal });
  const site = openSite(plan, namespaces, tools);
  try {
    await configure(site, signal);
    site.setGuard();
  } catch (error) {
    await site.close();
    throw error;
  }
  return toLab(site);
}

/** The namespaces of a plan, and the processes started in them. */
interface Site {
  plan: LabPlan;
  namespaces: Namespaces;
  tools: Tools;
  commandLine(hop: number, argv: readonly string[]): [string, ...string[]];
  spawn(hop: number, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Until then only tools that have no children of their own may be started. */
  setGuard(): void;
  close(): Promise<void>;
}

function openSite(plan: LabPlan, namespaces: Namespaces, tools: Tools): Site {
  const children = new Set<ChildProcess>();
  let guard: ChildProcess | null = null;
  let closing: Promise<void> | null = null;

  const commandLine = (hop: number, argv: readonly string[]) => {
    const net = namespaces.nets[hop];
    if (closing !== null || net === undefined) throw new UsageError('the lab has been destroyed');
    return namespaces.enter(net, argv);
  };
  const close = async () => {
    try {
      const running = [...children];
      for (const child of running) child.kill('SIGKILL');
      if (guard !== null) await dismiss(guard, namespaces.nets);
      await Promise.all(running.map((child) => exited(child, 2000)));
    } finally {
      namespaces.close();
    }
  };
  return {
    plan,
    namespaces,
    tools,
    commandLine,
    spawn: (hop, argv, options = {}) => {
      const [file, ...rest] = commandLine(hop, argv);
      const { PATH, ...env } = options.env ?? process.env;
      const child = spawn(file, rest, { ...options, env: { ...env, PATH: withAdministration(PATH) } });
      children.add(child);
      child.once('exit', () => children.delete(child));
      child.once('error', () => children.delete(child));
      return child;
    },
    setGuard: () => {
      const started = startGuard(namespaces.nets);
      if (started.pid === undefined) throw new KernelError('EAGAIN', 'start the guard of the lab');
      guard = started;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Lets the guard do its work; if it was killed, another does it. */
async function dismiss(guard: ChildProcess, nets: readonly number[]): Promise<void> {
  for (const working of [() => guard, () => startGuard(nets)]) {
    const child = working();
    child.ref();
    child.stdin?.end();
    if ((await exited(child, 10_000)) === 0) return;
  }
  throw new KernelError('EBUSY', 'end the processes in the lab');
}

/** The exit code; null when it is still running after that time, could not be started, or was ended by a signal. */
async function exited(child: ChildProcess, timeoutMs: number): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return child.exitCode;
  await once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) }).catch(() => {});
  return child.exitCode;
}

async function configure(site: Site, signal: AbortSignal | undefined): Promise<void> {
  const { plan, tools } = site;
  const { nets } = site.namespaces;
  await all(plan.hosts.map((host) => prepare(site, host, signal)));
  const makeLinks = site.spawn(0, [tools.ip, '-batch', '-'], { stdio: ['pipe', 'pipe', 'pipe', ...nets], cwd: '/' });
  const input = linkBatch(plan, (hop) => `/proc/self/fd/${hop + 3}`);
  requireSuccess(await finish(makeLinks, 'ip', withSignal({ input }, signal)), 'ip', 'the links');
  await all(plan.hosts.map((host) => runTool(site, host, [tools.ip, '-batch', '-'], hostBatch(host), signal)));
}

/** What has to be there before the links are. */
async function prepare(site: Site, host: HostPlan, signal: AbortSignal | undefined): Promise<void> {
  const { tools } = site;
  if (host.ruleset !== null) await runTool(site, host, [tools.nft, '-f', '-'], host.ruleset, signal);
  // /proc/sys/net shows the network namespace of the process that opens it.
  const values = new Set(host.sysctls.map(({ value }) => value));
  await all(
    [...values].map((value) => {
      const names = host.sysctls.flatMap((sysctl) => (sysctl.value === value ? [sysctl.name] : []));
      const files = names.map((name) => `/proc/sys/${name.replaceAll('.', '/')}`);
      return runTool(site, host, [tools.tee, ...files], value, signal);
    }),
  );
}

async function runTool(
  site: Site,
  host: HostPlan,
  argv: [string, ...string[]],
  input: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = site.spawn(host.hop, argv, { stdio: 'pipe', cwd: '/' });
  requireSuccess(await finish(child, argv[0], withSignal({ input }, signal)), argv[0], host.name);
}

function requireSuccess({ code, signal, stderr }: RunResult, tool: string, subject: string): void {
  if (code === 0) return;
  throw new CapabilityError(
    `cannot build a network: ${tool} failed for ${subject}: ${firstLine(stderr) || (signal ?? `exit code ${code}`)}`,
    'needs root or a user namespace, a writable /proc/sys, and a kernel with veth, nf_tables and nf_conntrack',
  );
}

/** Waits for all, so that nothing is still being set up when the first failure is told. */
async function all(steps: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(steps)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

function withSignal(options: RunOptions, signal: AbortSignal | undefined): RunOptions {
  return signal === undefined ? options : { ...options, signal };
}

function toLab(site: Site): Lab {
  const { plan, tools } = site;
  const path = plan.hosts.map((host) => toHost(site, host));
  const [client, , firewall] = path;
  const server = path.at(-1);
  if (client === undefined || firewall === undefined || server === undefined)
    throw new RangeError('a plan has five hosts');
  const planOf = new Map(path.map((host, index) => [host, plan.hosts[index]]));
  return {
    privilege: site.namespaces.privilege,
    path,
    client,
    server,
    firewall,
    routers: path.filter(({ role }) => role === 'router'),
    firewalls: path.filter(({ role }) => role === 'firewall'),
    setLink: async (host, state) => {
      const planned = planOf.get(host);
      if (planned === undefined) throw new UsageError(`${host.name} is a host of another lab`);
      const batch = state === 'down' ? linkDownBatch(planned) : hostBatch(planned);
      await runTool(site, planned, [tools.ip, '-batch', '-'], batch, undefined);
    },
    destroy: () => site.close(),
    [Symbol.asyncDispose]: () => site.close(),
  };
}

function toHost(site: Site, plan: HostPlan): LabHost {
  const { name, role, hop, interfaces } = plan;
  const [first] = interfaces;
  if (first === undefined) throw new RangeError('a host has an interface');
  const run = (argv: readonly string[], options: RunOptions = {}) =>
    finish(site.spawn(hop, argv, { stdio: 'pipe' }), `${argv[0]} in ${name}`, options);
  return {
    name,
    role,
    hop,
    addresses: { ipv4: first.ipv4, ipv6: first.ipv6 },
    interfaces,
    commandLine: (argv) => site.commandLine(hop, argv),
    spawn: (argv, options) => site.spawn(hop, argv, options),
    run: async (argv, options) => run(argv, options),
    nft: async (rules) => {
      const { code, stderr } = await run([site.tools.nft, '-f', '-'], { input: rules });
      if (code !== 0)
        throw new UsageError(`nft does not take the rules for ${name}: ${firstLine(stderr) || `exit code ${code}`}`);
    },
  };
}
