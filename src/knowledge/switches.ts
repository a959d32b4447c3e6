import { sysctlLine } from '../keepalive/remedy.ts';
import type { Stack, SwitchValues } from './stack.ts';
import { stacks } from './stacks/registry.generated.ts';

/** More than two would bury the finding; the rest is for who asks for a stack by name. */
const SHOWN = 2;

/**
 * Returns lines that switch TCP keepalive on with these values in the libraries most used for targets of that scheme, each library
 * introduced by a line `# NAME`. Empty for a scheme that no stack is known for.
 */
export function librarySwitches(scheme: string, values: SwitchValues): string[] {
  return Object.values(stacks)
    .filter(({ schemes }) => schemes?.includes(scheme) === true)
    .sort((a, b) => (a.rank ?? Number.MAX_SAFE_INTEGER) - (b.rank ?? Number.MAX_SAFE_INTEGER))
    .map((stack) => headedSwitches(stack, values))
    .filter((lines) => lines.length > 0)
    .slice(0, SHOWN)
    .flat();
}

/** The same for a running program of that name; empty for one whose name tells of no stack. */
export function processSwitches(command: string, values: SwitchValues): string[] {
  const stack = stackOfProcess(command);
  return stack === undefined ? [] : headedSwitches(stack, values);
}

/** Which stack a program's name tells of: `python3.11` of python-socket, `node_exporter` of none. */
function stackOfProcess(command: string): Stack | undefined {
  const [name = ''] = /^[A-Za-z_-]*[A-Za-z]/.exec(command) ?? [];
  return Object.values(stacks).find(({ processes }) => processes?.includes(name));
}

function headedSwitches(stack: Stack, values: SwitchValues): string[] {
  const lines = linesOf(stack, values);
  return lines.length === 0 ? [] : [`# ${stack.name}`, ...lines];
}

/** What it is on with the timers of the host without being told, only the host can set. */
function linesOf({ switchOn, http, keepalive }: Stack, values: SwitchValues): string[] {
  if (switchOn !== undefined) return switchOn(values);
  const { tcpKeepaliveOnAccepted: accepted, tcpKeepalive: opened } = http?.write ?? {};
  const own = [...(accepted?.(values) ?? []), ...(opened?.(values) ?? [])];
  return own.length === 0 && keepalive === 'host' ? [sysctlLine(values)] : own;
}
