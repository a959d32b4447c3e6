/** Where the variables of a configuration get their values. */
import { parseError } from '../config/files.ts';
import type { Directive } from './syntax.ts';

/** The `map` blocks and the `set` directives, by the name of their variable in lower case. */
export interface Variables {
  maps: Map<string, Directive>;
  assigned: Map<string, Directive>;
}

/** Notes a `map` or a `set`; checks the lines of a map. Any other directive has no variable. Throws a ParseError. */
export function noteVariable(directive: Directive, { maps, assigned }: Variables): void {
  const { name, args } = directive;
  if (name === 'map') {
    checkMap(directive);
    maps.set(variableName(directive, args[1]), directive);
  }
  if (name === 'set') assigned.set(variableName(directive, args[0]), directive);
}

function variableName(directive: Directive, text = ''): string {
  if (!text.startsWith('$')) throw parseError(directive, `invalid variable name "${text}"`);
  return text.slice(1).toLowerCase();
}

/** What a map makes of an empty text. */
export function mapOfNothing({ block }: Directive): string {
  const entries = block ?? [];
  const find = (key: string): string | undefined => entries.find(({ name }) => name === key)?.args[0];
  return find('') ?? find('default') ?? '';
}

/** Checks the lines of a map as ngx_http_map does. Throws a ParseError. */
function checkMap({ block }: Directive): void {
  const seen = new Set<string>();
  for (const entry of block ?? []) {
    const { name, args } = entry;
    if (entry.block !== null) throw parseError(entry, 'a map takes no block');
    if (args.length === 0 && (name === 'hostnames' || name === 'volatile')) continue;
    if (args.length !== 1) throw parseError(entry, 'invalid number of the map parameters');
    const key = name.startsWith('~') ? name : name.toLowerCase();
    if (seen.has(key) && !key.startsWith('~')) throw parseError(entry, `conflicting parameter "${name}" in a map`);
    seen.add(key);
  }
}
