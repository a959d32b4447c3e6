/** All hops of a chain in their order. */
import { UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import { type BuiltHop, buildHop } from './build-hop.ts';
import type { SourceOptions } from './source.ts';
import type { HopSpec } from './spec.ts';

/** A hundred hops are a mistake; ten are a lot. */
const MOST_HOPS = 32;
const ORDER_HINT = 'hops are given from client to origin';

/** Builds the hops, gives each a name of its own, and checks their order. Throws a UsageError or a ParseError. */
export function lineUp(specs: readonly HopSpec[], options: SourceOptions): BuiltHop[] {
  if (specs.length > MOST_HOPS)
    throw new UsageError(`a chain of ${specs.length} hops is too long`, `${MOST_HOPS} at most`);
  const hops = withOwnNames(specs.map((spec) => buildHop(spec, options)));
  checkOrder(hops);
  checkFiles(hops);
  return hops;
}

/** Numbers the hops whose names are taken: `nginx`, `nginx-2`. */
function withOwnNames(hops: readonly BuiltHop[]): BuiltHop[] {
  const taken = new Set<string>();
  return hops.map((hop) => {
    let name = hop.name;
    for (let n = 2; taken.has(name); n++) name = `${hop.name}-${n}`;
    if (name !== hop.name && hop.spec.name !== null)
      throw new UsageError(`two hops are named ${quoted(hop.name)}`, 'give each a name of its own');
    taken.add(name);
    const variants = hop.variants.map((variant) => ({ ...variant, hop: { ...variant.hop, name } }));
    return { ...hop, name, variants };
  });
}

function checkOrder(hops: readonly BuiltHop[]): void {
  const ends = hops.filter(({ role }) => role !== 'middlebox');
  if (hops.length === 0)
    throw new UsageError(
      'no hops given',
      'for example kaprobe chain nginx.conf gunicorn.conf.py, or --client, --proxy, --app',
    );
  if (ends.length < 2)
    throw new UsageError(
      `a chain has at least two ends that speak HTTP, here ${ends.length === 0 ? 'is none' : `is only ${ends[0]?.name}`}`,
      'add who connects to it or whom it connects to: --client, --proxy, --app',
    );
  hops.forEach(({ role, name }, index) => {
    const isFirst = index === 0;
    const isLast = index === hops.length - 1;
    if (role === 'client' && !isFirst)
      throw new UsageError(`${name} is a client and cannot stand behind ${hops[index - 1]?.name}`, ORDER_HINT);
    if (role === 'app' && !isLast)
      throw new UsageError(`${name} is an app and cannot stand before ${hops[index + 1]?.name}`, ORDER_HINT);
    if (role === 'middlebox' && (isFirst || isLast))
      throw new UsageError(`${name} only forwards packets and needs a hop on either side`, ORDER_HINT);
  });
}

function checkFiles(hops: readonly BuiltHop[]): void {
  const files = new Map<string, string>();
  for (const { file, name } of hops) {
    if (file === null) continue;
    const other = files.get(file);
    if (other !== undefined)
      throw new UsageError(`${name} is read from the same file as ${other}`, 'each hop has one of its own');
    files.set(file, name);
  }
}
