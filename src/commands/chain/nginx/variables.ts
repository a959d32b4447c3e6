/** What a text with variables comes to for a plain request: one that asks for no upgrade. */
import { type Unmeasured, unmeasured } from '../../../report/values.ts';
import { placeText } from '../config/files.ts';
import { mapOfNothing, type Variables } from './maps.ts';
import type { Directive } from './syntax.ts';

/**
 * Puts in the values that a plain request gives: `$http_upgrade` is empty, and so a `map` of it has one answer
 * (ngx_http_map_find asks regular expressions only about texts that are not empty). Anything else is known only when a request comes.
 */
export function resolveVariables(text: string, place: Directive, variables: Variables): string | Unmeasured {
  let unknown: Unmeasured | null = null;
  const resolved = text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
    const value = resolveOne((braced ?? bare ?? '').toLowerCase(), place, variables, 0);
    if (typeof value === 'string') return value;
    unknown ??= value;
    return '';
  });
  return unknown ?? resolved;
}

const DEEPEST = 8;

function resolveOne(name: string, place: Directive, variables: Variables, depth: number): string | Unmeasured {
  if (name === 'http_upgrade') return '';
  const where = `$${name} at ${placeText(place)}`;
  if (depth > DEEPEST) return unmeasured(`${where} goes through too many maps`);
  const { maps, assigned } = variables;
  const setter = assigned.get(name);
  if (setter !== undefined) return unmeasured(`${where} is set at ${placeText(setter)} while a request is handled`);
  const map = maps.get(name);
  if (map === undefined) return unmeasured(`${where} is known only when a request comes`);
  const [source = ''] = map.args;
  const [, sourceName] = /^\$\{?(\w+)\}?$/.exec(source) ?? [];
  const input =
    sourceName === undefined ? unmeasured('') : resolveOne(sourceName.toLowerCase(), map, variables, depth + 1);
  if (input !== '')
    return unmeasured(`${where} follows from ${source} (map at ${placeText(map)}), which only a request decides`);
  const output = mapOfNothing(map);
  return output.includes('$')
    ? unmeasured(`${where} follows from another variable in the map at ${placeText(map)}`)
    : output;
}
