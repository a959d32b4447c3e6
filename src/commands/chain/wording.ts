/** How findings about a chain name a value, its place, and the place where another is to stand. */

import { formatDuration } from '../../base/units.ts';
import { type ChainValue, isKnown, type Limit, type MaybeChainValue } from '../../knowledge/hop.ts';
import type { LinePlace } from '../../knowledge/stack.ts';
import type { PairFacts } from './facts.ts';
import type { ChainHop } from './report.ts';
import { type End, linesFor, type WantedSetting } from './write.ts';

/** `nginx.conf:7 keepalive_timeout`: who says so. */
export function saidBy({ source, setting }: ChainValue<unknown>): string {
  const named = setting === null ? '' : ` ${setting}`;
  switch (source.kind) {
    case 'file':
      return `${source.file}:${source.line}${named}`;
    case 'command-line':
    case 'flag':
      return source.text;
    case 'default':
      return `default of ${setting ?? source.id}`;
    case 'measured':
      return `measured at ${source.url}`;
    default:
      return source satisfies never;
  }
}

/**
 * Lines that set what is wanted at one end of a pair, below their place and the reason; none where nothing can be written. `value` is what they
 * replace; where it is not known they are to be added.
 */
export function remedyAt(
  { pair, syntax }: PairFacts,
  end: End,
  value: MaybeChainValue<unknown> | null,
  { reason, wanted }: { reason: string; wanted: WantedSetting },
): string[] {
  const hop = pair[end];
  const replaced = isKnown(value) ? value : null;
  return headed(`${headingFor(hop, replaced)}: ${reason}`, linesFor(syntax, end, wanted, placeOf(hop, replaced)));
}

/** Lines that have the sender repeat what may be sent twice; none where nothing can be written. */
export function retryRemedy({ pair, syntax }: PairFacts): string[] {
  return headed(
    `# ${pair.sender.name}: send again what may be sent twice`,
    linesFor(syntax, 'sender', { set: 'retry-safely' }),
  );
}

/** Ways to set things right, each enough alone; those without lines are left out. */
export function either(...ways: readonly (readonly string[])[]): string[] {
  return ways.filter((way) => way.length > 0).flatMap((way, index) => (index === 0 ? way : ['# or', ...way]));
}

/** The comment above a line that is to replace or add a setting. */
function headingFor(hop: ChainHop, value: ChainValue<unknown> | null): string {
  const source = value?.source ?? null;
  if (source?.kind === 'file') return `# ${source.file}:${source.line}`;
  if (source?.kind === 'command-line') return `# on the command line of ${hop.name}, in place of ${source.text}`;
  if (source?.kind === 'flag') return `# in the configuration of ${hop.name}, given as ${source.text}`;
  const { origin } = hop;
  switch (origin.kind) {
    case 'file':
      return `# to be added to ${origin.file}${origin.line === null ? '' : ` for its line ${origin.line}`}`;
    case 'command-line':
      return `# to be added to the command line of ${hop.name}`;
    case 'stack':
    case 'preset':
    case 'flag':
      return `# in the configuration of ${hop.name}`;
    default:
      return origin satisfies never;
  }
}

/** Lines under their heading; nothing without lines. */
export function headed(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines];
}

/** `60 s`, or `no limit`. */
export function describeLimit(limit: Limit): string {
  return limit === 'never' ? 'no limit' : formatDuration(limit);
}

/** Whether a setting belongs into a file or on the command line. */
function placeOf(hop: ChainHop, value: ChainValue<unknown> | null): LinePlace {
  const kind = value === null || value.source.kind === 'default' ? hop.origin.kind : value.source.kind;
  return kind === 'command-line' ? 'command-line' : 'file';
}
