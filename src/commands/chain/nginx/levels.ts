/** The contexts of a configuration, one in another, with what is set in each: what inheritance works on. */
import type { ChainValue } from '../../../knowledge/hop.ts';
import { placeText } from '../config/files.ts';
import { fromFile } from '../config/values.ts';
import { type Context, isIrrelevantBlock, isRead, type ReadName, readDirective, type ValueOf } from './directives.ts';
import { noteVariable, type Variables } from './maps.ts';
import type { Directive } from './syntax.ts';
import { type KnownVersion, parseVersion } from './version.ts';

/** A directive where it stands, with what its arguments come to. */
export interface SetDirective<V = unknown> {
  directive: Directive;
  value: V;
}

/** One block, or the main level. */
export interface Level {
  context: Context;
  /** The directive that opens it; null for the main level. */
  directive: Directive | null;
  parent: Level | null;
  children: Level[];
  /** The directives that are read and stand here, by name, in order. `setAt` and its like return them with the type of their value. */
  set: Map<ReadName, SetDirective[]>;
}

/** What a configuration holds, before anything is inherited. */
export interface Levels {
  main: Level;
  /** As given, else the oldest that knows all directives in use. */
  version: KnownVersion;
  variables: Variables;
  /** Blocks that were not read, in sentences. */
  doubts: string[];
}

/** The blocks that are levels; a `map` holds keys and values instead of directives. */
const CONTEXT_OF: Readonly<Record<string, Context>> = {
  events: 'events',
  http: 'http',
  server: 'server',
  location: 'location',
  limit_except: 'limit_except',
  upstream: 'upstream',
};

/** Sorts directives into levels and checks those that are read. Throws a ParseError where nginx would refuse to start. */
export function readLevels(directives: readonly Directive[], version: string | null): Levels {
  const known: KnownVersion =
    version === null ? { exact: null, atLeast: 0 } : { exact: parseVersion(version), atLeast: parseVersion(version) };
  const doubts: string[] = [];
  const variables: Variables = { maps: new Map(), assigned: new Map() };

  const fill = (level: Level, content: readonly Directive[]): void => {
    for (const directive of content) {
      const { name } = directive;
      if (!isRead(name)) {
        if (directive.block !== null && !isIrrelevantBlock(directive)) {
          doubts.push(`the block "${name}" at ${placeText(directive)} is not known and was not read`);
        }
        if (name === 'stream' && level.context === 'main') {
          doubts.push(`the block "stream" at ${placeText(directive)} forwards TCP without HTTP and was not read`);
        }
        continue;
      }
      const { context: around } = level;
      const alike = level.set.get(name) ?? [];
      const former = alike[0]?.directive ?? null;
      const { value, since } = readDirective(name, directive, { context: around, former, version: known });
      if (since !== null) known.atLeast = Math.max(known.atLeast, parseVersion(since));
      alike.push({ directive, value });
      level.set.set(name, alike);
      noteVariable(directive, variables);
      const context = contextWithin(directive, around);
      if (directive.block === null || context === null) continue;
      const child: Level = { context, directive, parent: level, children: [], set: new Map() };
      level.children.push(child);
      fill(child, directive.block);
    }
  };

  const main: Level = { context: 'main', directive: null, parent: null, children: [], set: new Map() };
  fill(main, directives);
  return { main, version: known, variables, doubts };
}

function contextWithin({ name }: Directive, around: Context): Context | null {
  if (name === 'if') return around === 'server' || around === 'if in server' ? 'if in server' : 'if in location';
  return CONTEXT_OF[name] ?? null;
}

/** The directives of a name that stand at a level itself, in order. */
export function allSetAt<N extends ReadName>(level: Level, name: N): readonly SetDirective<ValueOf<N>>[] {
  // Whatever stands under a name was read by the reader of that name.
  return (level.set.get(name) ?? []) as SetDirective<ValueOf<N>>[];
}

/** The directive that stands at a level itself; null: there is none, or no such level. */
export function setAt<N extends ReadName>(level: Level | null, name: N): SetDirective<ValueOf<N>> | null {
  return level === null ? null : (allSetAt(level, name)[0] ?? null);
}

/** The directive that holds at a level: its own, or that of the nearest level around it; null: there is none. */
export function inherited<N extends ReadName>(level: Level, name: N): SetDirective<ValueOf<N>> | null {
  return inheritedAll(level, name)[0] ?? null;
}

/** All directives of a name that hold at a level: a level with any of its own takes none from those around it, as with `proxy_set_header`. */
export function inheritedAll<N extends ReadName>(level: Level, name: N): readonly SetDirective<ValueOf<N>>[] {
  for (let at: Level | null = level; at !== null; at = at.parent) {
    const own = allSetAt(at, name);
    if (own.length > 0) return own;
  }
  return [];
}

/** The value of a directive with its place; null: the directive is not there. */
export function asValue<V>(set: SetDirective<V> | null): ChainValue<V> | null {
  return set === null ? null : fromFile(set.value, set.directive, set.directive.name);
}

/** The levels of one kind below a level, at any depth, in the order of the file. */
export function levelsBelow(level: Level, contexts: readonly Context[]): Level[] {
  return level.children.flatMap((child) => [
    ...(contexts.includes(child.context) ? [child] : []),
    ...levelsBelow(child, contexts),
  ]);
}
