/** The contexts of a configuration, one in another, with what is set in each: the ground that inheritance works on. */
import { parseError, placeText } from '../config/files.ts';
import { type Context, checkDirective, isIrrelevantBlock, isRead } from './directives.ts';
import type { Directive } from './syntax.ts';
import { checkMap } from './variables.ts';
import { type KnownVersion, parseVersion } from './version.ts';

/** One block, or the main level. */
export interface Level {
  context: Context;
  /** The directive that opens it; null for the main level. */
  directive: Directive | null;
  parent: Level | null;
  children: Level[];
  /** The directives that stand here, by name, in order. */
  set: Map<string, Directive[]>;
}

/** What a configuration holds, before anything is inherited. */
export interface Levels {
  main: Level;
  /** Given, or as far as the directives in use tell it. */
  version: KnownVersion;
  /** Where variables get their values: the `map` blocks and the `set` directives, by name in lower case. */
  variables: { maps: Map<string, Directive>; assigned: Map<string, Directive> };
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
  const variables: Levels['variables'] = { maps: new Map(), assigned: new Map() };

  const fill = (level: Level, content: readonly Directive[]): void => {
    for (const directive of content) {
      if (!isRead(directive)) {
        if (directive.block !== null && !isIrrelevantBlock(directive)) {
          doubts.push(`the block "${directive.name}" at ${placeText(directive)} is not known and was not read`);
        }
        if (directive.name === 'stream' && level.context === 'main') {
          doubts.push(`the block "stream" at ${placeText(directive)} forwards TCP without HTTP and was not read`);
        }
        continue;
      }
      const alike = level.set.get(directive.name) ?? [];
      const since = checkDirective(directive, level.context, alike, known);
      if (since !== null) known.atLeast = Math.max(known.atLeast, parseVersion(since));
      alike.push(directive);
      level.set.set(directive.name, alike);
      noteVariable(directive, variables);
      const context = contextWithin(directive, level.context);
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

function noteVariable(directive: Directive, { maps, assigned }: Levels['variables']): void {
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

function contextWithin({ name }: Directive, around: Context): Context | null {
  if (name === 'if') return around === 'server' || around === 'if in server' ? 'if in server' : 'if in location';
  return CONTEXT_OF[name] ?? null;
}

/** The directive that holds at a level: its own, or that of the nearest level around it. */
export function inherited(level: Level, name: string): Directive | null {
  return inheritedAll(level, name)[0] ?? null;
}

/** All directives of a name that hold at a level: a level that has any of its own takes none from those around it, as with `proxy_set_header`. */
export function inheritedAll(level: Level, name: string): readonly Directive[] {
  for (let at: Level | null = level; at !== null; at = at.parent) {
    const own = at.set.get(name);
    if (own !== undefined) return own;
  }
  return [];
}

/** The levels of one kind below a level, at any depth, in the order of the file. */
export function levelsBelow(level: Level, contexts: readonly Context[]): Level[] {
  return level.children.flatMap((child) => [
    ...(contexts.includes(child.context) ? [child] : []),
    ...levelsBelow(child, contexts),
  ]);
}
