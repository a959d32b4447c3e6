/** A chain written as YAML. This file is loaded only when there is one, and the package with it. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { ParseError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import type { GivenField } from './settings.ts';
import { type HopSpec, hopFromFields } from './spec.ts';

/** A chain of a hundred hops is shorter. */
export const LONGEST_YAML_BYTES = 65_536;

/** What a file may say besides its hops; as text, as the flags of these names have it. */
export interface YamlChain {
  hops: HopSpec[];
  rate: string | null;
  margin: string | null;
  nginxVersion: string | null;
}

const KEYS = ['hops', 'rate', 'margin', 'nginx-version'];

/**
 * Reads a list of hops, or a map with the list `hops` and the keys of KEYS. A hop is a map with the keys of `--hop`. Anchors and aliases are
 * refused: hops have no use for them, and they can make a short text endless. Throws a ParseError with file and line.
 */
export function parseYamlChain(file: string, text: string): YamlChain {
  const lines = new LineCounter();
  const fail = (offset: number | undefined, reason: string): never => {
    throw new ParseError(`${file}:${lines.linePos(offset ?? 0).line}: ${reason}`);
  };
  const document = ((): ReturnType<typeof parseDocument> => {
    try {
      return parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
    } catch (error) {
      if (error instanceof RangeError) throw new ParseError(`${file}: lists and maps are nested too deep`); // the stack
      throw error;
    }
  })();
  const [error] = document.errors;
  if (error !== undefined) {
    const tooDeep = error.message.includes('call stack');
    fail(error.pos[0], tooDeep ? 'lists and maps are nested too deep' : lowerFirst(error.message));
  }

  const offsetOf = (node: unknown): number =>
    node !== null && typeof node === 'object' && 'range' in node && Array.isArray(node.range)
      ? Number(node.range[0])
      : 0;
  const pairs = (node: unknown, what: string): { key: string; value: unknown; offset: number }[] => {
    if (isAlias(node)) fail(offsetOf(node), 'aliases are not read: write it out');
    if (!isMap(node)) return fail(offsetOf(node), `${what} is not a map of keys`);
    return node.items.map(({ key, value }) => {
      if (!isScalar(key)) return fail(offsetOf(key), 'a key is not a plain word');
      return { key: String(key.value), value, offset: offsetOf(key) };
    });
  };
  const scalar = (node: unknown, key: string, offset: number): string => {
    if (isAlias(node)) fail(offsetOf(node), 'aliases are not read: write it out');
    if (!isScalar(node) || node.value === null) return fail(offset, `${key} has no plain value`);
    if (typeof node.value === 'boolean') return node.value ? 'yes' : 'no';
    return String(node.value);
  };

  const root = document.contents;
  const top = isSeq(root) ? [] : pairs(root, 'the file');
  for (const { key, offset } of top) {
    if (!KEYS.includes(key)) fail(offset, `unknown key ${quoted(key)}, known are ${KEYS.join(', ')}`);
  }
  const textOf = (name: string): string | null => {
    const found = top.find(({ key }) => key === name);
    return found === undefined ? null : scalar(found.value, name, found.offset);
  };
  const list = isSeq(root) ? root : top.find(({ key }) => key === 'hops')?.value;
  if (!isSeq(list)) return fail(offsetOf(list), 'there is no list of hops');
  const hops = list.items.map((item): HopSpec => {
    const { line: hopLine } = lines.linePos(offsetOf(item));
    const fields = pairs(item, 'a hop').map(({ key, value, offset }): GivenField => {
      const { line } = lines.linePos(offset);
      return { key, text: scalar(value, key, offset), source: { kind: 'file', file, line } };
    });
    return hopFromFields(fields, `${file}:${hopLine}`);
  });
  return { hops, rate: textOf('rate'), margin: textOf('margin'), nginxVersion: textOf('nginx-version') };
}

/** Messages of the house begin in lower case and have no full stop. */
function lowerFirst(text: string): string {
  return (text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, '').replace(/\s+/g, ' ');
}
