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
    .filter(({ schemes, switchOn }) => switchOn !== undefined && schemes.includes(scheme))
    .sort((a, b) => (a.rank ?? Number.MAX_SAFE_INTEGER) - (b.rank ?? Number.MAX_SAFE_INTEGER))
    .slice(0, SHOWN)
    .flatMap((stack) => headedSwitches(stack, values));
}

function headedSwitches({ name, switchOn }: Stack, values: SwitchValues): string[] {
  return switchOn === undefined ? [] : [`# ${name}`, ...switchOn(values)];
}

/** Which stack a program's name tells of: what is written in Go or C has a name of its own. */
const PROCESSES: readonly (readonly [name: RegExp, stack: keyof typeof stacks])[] = [
  [/^(python|gunicorn|uwsgi|celery|uvicorn)/, 'python-socket'],
  [/^(node|MainThread$|npm)/, 'node-net'],
  [/^java/, 'java-socket'],
  [/^(psql|postgres|pgbouncer)/, 'libpq-psycopg'],
];

/** The same for a running program of that name; empty for one whose name tells of no stack. */
export function processSwitches(command: string, values: SwitchValues): string[] {
  const [, id] = PROCESSES.find(([name]) => name.test(command)) ?? [];
  const stack = id === undefined ? undefined : stacks[id];
  return stack === undefined ? [] : headedSwitches(stack, values);
}
