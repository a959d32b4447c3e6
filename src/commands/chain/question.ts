/** What is asked: the hops, from flags and files, and what to judge them by. */
import { ParseError, UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { DAY_MS, durationArgument, parseDuration } from '../../base/units.ts';
import { readDuration } from '../shared/options.ts';
import type { ConfigFiles } from './config/files.ts';
import { readInvocation } from './gunicorn/command-line.ts';
import { kindOfFile, readText } from './hops/config-source.ts';
import { type HopSpec, type Role, specOf } from './hops/spec.ts';
import { USUAL_WAIT_MS } from './measure.ts';

/** What is to be judged. */
export interface ChainQuestion {
  /** From client to origin. */
  hops: HopSpec[];
  /** null: not given. */
  requestsPerSecond: number | null;
  /** By how much a receiver must outlast its sender. */
  marginMs: number;
  /** As `nginx -v` prints it; null: not known. */
  nginxVersion: string | null;
  /** How long to wait for a server that is measured; null: by what is configured. */
  maxIdleMs: number | null;
  /** Only routes whose name has this in it; null: all. */
  route: string | null;
}

/** `--margin`. The default is what undici has for the hints of servers: a timer that looks once a second, and a stall of the event loop, fit in. */
export const MARGIN = { min: 0, max: 3_600_000, step: 1, shownDefault: 2000 };

/** `--max-idle`. */
export const MAX_IDLE = {
  min: 100,
  max: DAY_MS,
  step: 1,
  shownDefault: `a little longer than configured, or ${durationArgument(USUAL_WAIT_MS)}`,
};

/** One flag that is about a hop. */
export type Given = { kind: 'hop'; spec: HopSpec } | { kind: 'gunicorn' | 'measure'; text: string };

const EXAMPLE_OF: Record<Role, string> = {
  client: 'requests',
  proxy: 'nginx.conf',
  app: 'gunicorn.conf.py',
  middlebox: 'aws-nlb-tcp',
};

/** Reads `--client go` and its like. Throws a UsageError for an empty word. */
export function hopOfRole(role: Role, word: string): Given {
  if (word.trim() === '') throw new UsageError(`--${role} is empty`, `for example --${role} ${EXAMPLE_OF[role]}`);
  return { kind: 'hop', spec: specOf({ kind: 'word', word }, `--${role}`, { role }) };
}

/** Reads `--middlebox`: a preset, or an idle timeout. Throws a UsageError. */
export function readMiddlebox(text: string): Given {
  if (!/^[\d.]/.test(text)) return hopOfRole('middlebox', text);
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid') throw new UsageError(`--middlebox ${quoted(text)} ${parsed.reason}`);
  const source = { kind: 'flag', text: `--middlebox ${text}` } as const;
  const spec = specOf({ kind: 'settings' }, '--middlebox', {
    name: 'middlebox',
    role: 'middlebox',
    settings: [{ key: 'idle-timeout', text, source }],
  });
  return { kind: 'hop', spec };
}

/** Reads `--rate`: requests a second. Throws a UsageError. */
export function readRate(text: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,6})?)\/(s|m|h)$/.exec(text) ?? [];
  const perSecond = Number(amount) / (unit === 's' ? 1 : unit === 'm' ? 60 : 3600);
  if (!(perSecond > 0))
    throw new UsageError(`--rate ${quoted(text)} is no rate`, 'requests in a time, such as --rate 200/s or 30/m');
  return perSecond;
}

/** What the flags of a chain say; null: not given. */
interface Flags extends Omit<ChainQuestion, 'hops' | 'marginMs'> {
  /** In the order of the command line. */
  given: readonly Given[];
  marginMs: number | null;
}

/** Puts flags and files together; a flag comes before what a file says. Throws a UsageError or a ParseError. */
export async function readQuestion(
  operands: readonly string[],
  { given, ...flags }: Flags,
  files: ConfigFiles,
): Promise<ChainQuestion> {
  const { hops, rate, margin, nginxVersion } = await readOperands(operands, files);
  const fromFlags = hopsWithMeasures(given, hops);
  if (operands.length > 0 && fromFlags.some(({ role }) => role !== 'client'))
    throw new UsageError(
      'files without a flag can only be combined with --client',
      'say --proxy FILE and --app FILE: flags keep their order',
    );
  return {
    ...flags,
    hops: [...fromFlags, ...hops],
    requestsPerSecond: flags.requestsPerSecond ?? (rate === null ? null : readRate(rate)),
    marginMs: flags.marginMs ?? (margin === null ? MARGIN.shownDefault : readDuration('margin', margin, MARGIN)),
    nginxVersion: flags.nginxVersion ?? nginxVersion,
  };
}

/** What files say, as text; null: nothing. */
interface FromFiles {
  hops: HopSpec[];
  rate: string | null;
  margin: string | null;
  nginxVersion: string | null;
}

/** One file that holds a whole chain, or one file a hop. */
async function readOperands(operands: readonly string[], files: ConfigFiles): Promise<FromFiles> {
  const [first] = operands;
  if (first !== undefined && operands.length === 1 && kindOfFile(first, '') === 'yaml') {
    const { LONGEST_YAML_BYTES, parseYamlChain } = await import('./hops/yaml.ts');
    const text = readText(first, files);
    if (text.length > LONGEST_YAML_BYTES)
      throw new ParseError(`${quoted(first)} is longer than ${LONGEST_YAML_BYTES} characters`);
    return parseYamlChain(first, text);
  }
  const hops = operands.map((word) => specOf({ kind: 'file', word }, quoted(word)));
  return { hops, rate: null, margin: null, nginxVersion: null };
}

/** Gives each `--measure URL` to the hop before it, and leaves `NAME=URL` to be found by name. */
function hopsWithMeasures(given: readonly Given[], before: readonly HopSpec[]): HopSpec[] {
  const hops: HopSpec[] = [];
  const all = [...before, ...given.flatMap((each) => (each.kind === 'hop' ? [each.spec] : []))];
  for (const each of given) {
    if (each.kind === 'hop') {
      hops.push(each.spec);
    } else if (each.kind === 'gunicorn') {
      const command = `gunicorn ${each.text}`;
      const configured = all.find((spec) => isGunicornFile(spec.base) && spec.command === null);
      if (configured === undefined) hops.push(specOf({ kind: 'word', word: command }, '--app', { role: 'app' }));
      else configured.command = command;
    } else {
      giveMeasure(each.text, hops, [...all, ...hops]);
    }
  }
  return hops;
}

/** Writes the URL down in the hop that it names, else in the last of those before it. Throws a UsageError. */
function giveMeasure(text: string, before: readonly HopSpec[], all: readonly HopSpec[]): void {
  const [, name, url = ''] = /^(?:([^=:/?]+)=)?(https?:\/\/.*)$/is.exec(text) ?? [];
  if (url === '')
    throw new UsageError(
      `--measure ${quoted(text)} is no http or https URL`,
      'for example --measure http://10.0.0.5:8000/ behind the hop, or --measure api=http://10.0.0.5:8000/',
    );
  const hop = name === undefined ? before.at(-1) : all.find((spec) => nameOf(spec) === name);
  if (hop === undefined)
    throw new UsageError(
      name === undefined ? '--measure stands before any hop' : `--measure: there is no hop ${quoted(name)}`,
      name === undefined ? 'put it behind the hop that answers there, or name it: NAME=URL' : null,
    );
  if (hop.measure !== null) throw new UsageError(`${nameOf(hop)} is to be measured twice`);
  hop.measure = url;
}

function isGunicornFile(base: HopSpec['base']): boolean {
  return (base.kind === 'file' || base.kind === 'word') && /\.py$/i.test(base.word);
}

/** The name that a hop goes by before it is built. */
function nameOf({ name, base }: HopSpec): string {
  if (name !== null) return name;
  if (base.kind === 'settings') return 'hop';
  if (/\.py$/.test(base.word) || readInvocation(base.word) !== null) return 'gunicorn';
  return /\.conf$/.test(base.word) ? 'nginx' : base.word;
}
