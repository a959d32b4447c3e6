import type { Stack } from './stack.ts';
import { stacks } from './stacks/registry.generated.ts';

/** The stack of that id or other name that something is known about HTTP of; null: none. */
export function findHttpStack(word: string): Stack | null {
  const name = word.toLowerCase();
  const own = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (own?.http !== undefined) return own;
  return Object.values(stacks).find(({ http }) => http?.aliases?.includes(name)) ?? null;
}

/** All names that `findHttpStack` knows. */
export function httpStackNames(): string[] {
  return Object.values(stacks).flatMap(({ id, http }) => (http === undefined ? [] : [id, ...(http.aliases ?? [])]));
}

/** The stack that a response's header Server tells of; null: none, or there is no such header. */
export function stackOfServer(header: string | null): Stack | null {
  return Object.values(stacks).find(({ http }) => http?.serverHeader?.test(header ?? '') === true) ?? null;
}
