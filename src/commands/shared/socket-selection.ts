/** The options that choose live sockets, declared and read once for all commands that have them. */
import { existsSync, readlinkSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Command, OptionValues } from '@commander-js/extra-typings';
import { parseNetwork } from '../../base/endpoint.ts';
import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { CONNECTION_STATES, TCP_STATES, type TcpState } from '../../base/tcp-state.ts';
import { resolve } from '../../connections/resolve.ts';
import { SOCKET_RISKS, type SocketRisk } from '../../sockets/live-socket.ts';
import type { EndFilter, SocketFilter } from '../../sockets/socket-filter.ts';
import { HIGHEST_PID, repeatableOption } from './options.ts';

const ALL_STATES = TCP_STATES.filter((state) => state !== 'unknown');

/** Beyond this a name's addresses are not what anybody meant. */
const RESOLVE_TIMEOUT_MS = 5000;

/** The sockets that the options mean. */
export interface SocketSelection {
  filter: SocketFilter;
  /** The options as they were given, for the report: `--remote 10.0.0.0/8`. */
  given: string[];
}

const declareEnds = (command: Command) =>
  command
    .addOption(repeatableOption('--remote <end>', 'the far end: host, host:port, :port, [v6]:port or 10.0.0.0/8'))
    .addOption(repeatableOption('--local <end>', 'this end, written like --remote'))
    .addOption(repeatableOption('--port <port>', 'the port of either end'));

const declareHolders = (command: Command) =>
  command
    .addOption(repeatableOption('--pid <pid>', 'held by this process'))
    .addOption(repeatableOption('--command <text>', 'held by a process with this text in its name'));

const declareKinds = (command: Command) =>
  command
    .addOption(repeatableOption('--state <state>', 'such as established, close-wait, time-wait; or all'))
    .addOption(repeatableOption('--risk <risk>', SOCKET_RISKS.join(', ')))
    .option('--listening', 'those that listen, whose keepalive settings accepted connections inherit');

type DeclaredBy<Declare extends (command: Command) => { opts(): OptionValues }> = ReturnType<
  ReturnType<Declare>['opts']
>;

/** Adds options to those of a command. Their types are worked out on a command without any: on a generic one it takes the compiler minutes. */
function extend<Args extends unknown[], Options extends OptionValues, Added extends OptionValues>(
  command: Command<Args, Options>,
  declare: (command: Command) => Command<[], Added>,
): Command<Args, Options & Added> {
  // It is one object: what is declared on it is on the command.
  return declare(command as unknown as Command) as unknown as Command<Args, Options & Added>;
}

/** Declares the options that choose by the ends of a connection. */
export function addEndOptions<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>) {
  return extend(command, declareEnds);
}

/** Declares the options that choose by the process that holds the socket. */
export function addHolderOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return extend(command, declareHolders);
}

/** Declares the options; each but `--listening` is repeatable, and then means any of its values. */
export function addSelectionOptions<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  command.optionsGroup('Which sockets (repeatable, any of the values; all options together):');
  return extend(addHolderOptions(addEndOptions(command)), declareKinds);
}

type SelectionOptions = DeclaredBy<typeof declareEnds> &
  DeclaredBy<typeof declareHolders> &
  DeclaredBy<typeof declareKinds>;

/**
 * Reads the options. Names are looked up, and mean all of their addresses. Without `--state` and `--listening` the states are those of
 * `defaultStates`. Throws a UsageError for what cannot be meant.
 */
export async function readSelection(
  options: SelectionOptions,
  { signal, defaultStates = CONNECTION_STATES }: { signal: AbortSignal; defaultStates?: readonly TcpState[] },
): Promise<SocketSelection> {
  const { remote = [], local = [], port = [], pid = [], command = [], state = [], risk = [], listening } = options;
  const states = state.flatMap(readState);
  if (listening && states.length > 0) throw new UsageError('--listening and --state contradict each other');
  const filter: SocketFilter = {
    states: listening ? ['listen'] : states.length > 0 ? states : defaultStates,
    pids: pid.map((text) => readWhole('--pid', text, HIGHEST_PID, 'such as pgrep prints')),
    commands: command.map(readCommand),
    local: (await Promise.all(local.map((text) => readEnd('--local', text, signal)))).flat(),
    remote: (await Promise.all(remote.map((text) => readEnd('--remote', text, signal)))).flat(),
    ports: port.map((text) => readWhole('--port', text, 65_535, 'such as 5432')),
    risks: risk.map(readRisk),
  };
  const given = Object.entries({ remote, local, port, pid, command, state, risk }).flatMap(([name, texts]) =>
    texts.map((text) => `--${name} ${text}`),
  );
  return { filter, given: listening ? [...given, '--listening'] : given };
}

/** The process whose network namespace the sockets of all of these are in; null: none was named. Throws a UsageError when they are in several. */
export function namespaceOf(pids: readonly number[]): number | null {
  const [first, ...others] = pids;
  if (first === undefined) return null;
  const namespace = networkNamespace(first);
  const other = others.find((pid) => ![null, namespace].includes(networkNamespace(pid)));
  if (namespace !== null && other !== undefined)
    throw new UsageError(`processes ${first} and ${other} are in different network namespaces`, 'name one of them');
  return first;
}

/**
 * The process whose network namespace to look at: `netns`, else that of the processes in the filter; null: kaprobe's own. Throws a UsageError when one of
 * these processes does not exist.
 */
export function namespaceToLookAt({ pids }: SocketFilter, netns: number | null): number | null {
  const gone = pids.find((each) => !existsSync(`/proc/${each}`));
  if (gone !== undefined)
    throw new UsageError(`there is no process ${gone}`, 'process ids are those that ps shows where kaprobe runs');
  return netns ?? otherNamespaceOf(pids);
}

/** As namespaceOf(); null also where that is kaprobe's own network namespace, or may not be told. */
function otherNamespaceOf(pids: readonly number[]): number | null {
  const pid = namespaceOf(pids);
  const namespace = pid === null ? null : networkNamespace(pid);
  return namespace === null || namespace === networkNamespace(process.pid) ? null : pid;
}

/** null: it may not be seen, or the process has ended; whoever needs it is told so later. */
function networkNamespace(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

/** As kaprobe, the kernel and ss write them: `close-wait`, `CLOSE_WAIT`. */
function readState(text: string): readonly TcpState[] {
  const name = text.toLowerCase().replaceAll('_', '-');
  if (name === 'all') return ALL_STATES;
  const state = ALL_STATES.find((known) => known === (name === 'estab' ? 'established' : name));
  if (state === undefined)
    throw new UsageError(`--state ${quoted(text)} is no state`, `known are all, ${ALL_STATES.join(', ')}`);
  return [state];
}

function readRisk(text: string): SocketRisk {
  const risk = SOCKET_RISKS.find((known) => known === text.toLowerCase());
  if (risk === undefined)
    throw new UsageError(`--risk ${quoted(text)} is no risk`, `known are ${SOCKET_RISKS.join(', ')}`);
  return risk;
}

/** The kernel keeps 15 bytes of a name (TASK_COMM_LEN): what is longer could never match. */
function readCommand(text: string): string {
  const LONGEST_BYTES = 15;
  if (text.trim() === '') throw new UsageError('--command is empty', 'a part of the name that ps -o comm shows');
  if (Buffer.byteLength(text) > LONGEST_BYTES) {
    throw new UsageError(
      `--command ${quoted(text)} is longer than the ${LONGEST_BYTES} bytes that the kernel keeps of a name`,
      `its first ${LONGEST_BYTES} are ${quoted(Buffer.from(text).subarray(0, LONGEST_BYTES).toString())}`,
    );
  }
  return text;
}

function readWhole(option: string, text: string, max: number, hint: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max)
    throw new UsageError(`${option} ${quoted(text)} is not a whole number from 1 to ${max}`, hint);
  return value;
}

async function readEnd(option: string, text: string, signal: AbortSignal): Promise<EndFilter[]> {
  const wrong = (reason: string): UsageError =>
    new UsageError(`${option} ${quoted(text)} ${reason}`, `for example ${option} 10.0.0.0/8, or ${option} [::1]:5432`);
  const network = parseNetwork(text);
  if (network !== null) return [{ network, port: null }];
  const [, bracketed, plain = '', portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (bracketed === undefined && plain === '' && portText === undefined) throw wrong('is no address, network or host');
  const port = portText === undefined ? null : readWhole(`${option} :`, portText, 65_535, 'a port');
  const host = bracketed ?? plain;
  if (host === '' || host === '*') return [{ network: null, port }];
  const literal = parseNetwork(host);
  if (literal !== null) return [{ network: literal, port }];
  if (bracketed !== undefined || !/^[a-z0-9_]([a-z0-9._-]*[a-z0-9_.])?$/i.test(host) || /^[\d.]+$/.test(host))
    throw wrong('is no address, network or host');
  const resolution = await resolve(host, null, { timeoutMs: RESOLVE_TIMEOUT_MS, signal });
  if (resolution.kind === 'unresolved')
    throw new UsageError(`${option} ${quoted(text)}: the name has no address: ${resolution.error}`);
  return resolution.addresses.flatMap((address) => {
    const found = isIP(address) === 0 ? null : parseNetwork(address.replace(/%.*$/, ''));
    return found === null ? [] : [{ network: found, port }];
  });
}
