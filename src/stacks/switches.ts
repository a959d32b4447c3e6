import { stacks } from './index.ts';
import type { SwitchValues } from './stack.ts';

/** More than two would bury the finding; the rest is for who asks for a stack by name. */
const SHOWN = 2;

/**
 * Returns lines that switch TCP keepalive on with these values in the libraries most used for targets of that scheme, each library
 * introduced by a line `# NAME`. Empty for a scheme that no stack is known for.
 */
export function librarySwitches(scheme: string, values: SwitchValues): string[] {
  return Object.values(stacks)
    .filter(({ schemes }) => schemes.includes(scheme))
    .slice(0, SHOWN)
    .flatMap(({ name, switchOn }) => (switchOn === undefined ? [] : [`# ${name}`, ...switchOn(values)]));
}
