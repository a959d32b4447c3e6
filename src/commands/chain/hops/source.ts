/** What a hop begins with: what its stack, preset, file or command line says, before single settings and names. */
import type { ConfigFiles } from '../config/files.ts';
import type { ChainHop } from '../report.ts';
import type { HopSyntax } from '../write.ts';
import type { Role } from './spec.ts';

/** A hop that has no name yet, and whose role may be given. */
export type NamelessHop = Omit<ChainHop, 'name' | 'role'>;

/** One hop as one route sees it. */
export interface HopVariant<Hop = ChainHop> {
  hop: Hop;
  /** How its settings are written; null: not known. */
  syntax: HopSyntax | null;
  /** The name of the route among others of the same configuration; null: there is only one. */
  route: string | null;
}

export interface HopSource {
  /** What the hop is called unless it is given a name. */
  name: string;
  /** null: not known. */
  role: Role | null;
  /** The file that it was read from, to be recognised when it is given again; null: there is none. */
  file: string | null;
  variants: readonly HopVariant<NamelessHop>[];
}

/** What the reading of configuration needs. */
export interface SourceOptions {
  /** As `nginx -v` prints it; null: not known. */
  nginxVersion: string | null;
  files: ConfigFiles;
}

/** A hop of a product without any facts: it has neither side yet. */
export function sidelessHop(product: string): NamelessHop {
  return {
    origin: { kind: 'flag' },
    product,
    server: null,
    client: null,
    middlebox: null,
    replaced: null,
    doubts: [],
  };
}

/** A source with one variant. */
export function singleSource(
  { name, role, file = null }: { name: string; role: Role | null; file?: string | null },
  hop: NamelessHop,
  syntax: HopSyntax | null,
): HopSource {
  return { name, role, file, variants: [{ hop, syntax, route: null }] };
}

/** The doubt about facts that are only remembered; none about others. */
export function doubtsOfConfidence(name: string, confidence: string): string[] {
  return confidence === 'recalled' ? [`the defaults of ${name} are recalled, not read: check them`] : [];
}
