/** What the user says about a hop, by flag or in YAML, before anything is looked up. */
import { UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import { didYouMean } from '../../../base/suggest.ts';
import type { ChainHop } from '../report.ts';
import { type GivenField, isSetting, SETTINGS, type SettingKey } from './settings.ts';

export type Role = ChainHop['role'];

/** What a hop begins with, before single settings are put over it. */
type HopBase =
  /** A stack, a preset, a file or a command line: whichever it turns out to be. */
  | { kind: 'word'; word: string }
  | { kind: 'stack' | 'preset' | 'file' | 'command'; word: string }
  /** Nothing but its settings. */
  | { kind: 'settings' };

/** One setting as it was given. */
type HopSetting = GivenField & { key: SettingKey };

export interface HopSpec {
  /** null: it gets the name of what it is. */
  name: string | null;
  role: Role | null;
  base: HopBase;
  settings: HopSetting[];
  /** The command line that starts what the file configures, which comes before the file; null: not known. */
  command: string | null;
  /** The URL at which the running server is measured. */
  measure: string | null;
  /** For messages: `--proxy nginx.conf`, `chain.yaml:7`. */
  place: string;
}

/** A spec with what the hop is made of and what is given besides; all else is left open. */
export function specOf(base: HopBase, place: string, given: Partial<HopSpec> = {}): HopSpec {
  return { name: null, role: null, base, settings: [], command: null, measure: null, place, ...given };
}

/** What a hop is, in `--hop` and YAML, besides its settings. */
const NAMING = ['name', 'role', 'stack', 'preset', 'file', 'command', 'measure'] as const;
type NamingKey = (typeof NAMING)[number];

const ROLES = ['client', 'proxy', 'app', 'middlebox'] as const;

/** Puts the fields of one hop together. Throws a UsageError for a key that does not exist or stands twice; `place` is named in it. */
export function hopFromFields(fields: readonly GivenField[], place: string): HopSpec {
  const naming = new Map<NamingKey, string>();
  const settings: HopSetting[] = [];
  for (const { key, text, source } of fields) {
    const where = source.kind === 'file' ? `${source.file}:${source.line}` : place;
    if ((isNaming(key) && naming.has(key)) || settings.some((setting) => setting.key === key))
      throw new UsageError(`${where}: ${quoted(key)} is given twice`);
    if (isNaming(key)) {
      if (text === '') throw new UsageError(`${where}: ${key} is empty`);
      naming.set(key, text);
    } else if (isSetting(key)) {
      settings.push({ key, text, source });
    } else {
      const keys = [...NAMING, ...Object.keys(SETTINGS)];
      const hint = didYouMean(key, keys) ?? `known are ${keys.join(', ')}`;
      throw new UsageError(`${where}: unknown key ${quoted(key)}`, hint);
    }
  }
  const command = naming.has('file') ? (naming.get('command') ?? null) : null;
  const bases = (['stack', 'preset', 'file', 'command'] as const).filter(
    (kind) => naming.has(kind) && (kind !== 'command' || command === null),
  );
  if (bases.length > 1)
    throw new UsageError(`${place}: ${bases.join(' and ')} exclude each other`, 'a hop is made of one of them');
  const [kind] = bases;
  return specOf(kind === undefined ? { kind: 'settings' } : { kind, word: naming.get(kind) ?? '' }, place, {
    name: naming.get('name') ?? null,
    role: readRole(naming.get('role') ?? null, place),
    settings,
    command,
    measure: naming.get('measure') ?? null,
  });
}

function isNaming(key: string): key is NamingKey {
  return NAMING.some((naming) => naming === key);
}

function readRole(text: string | null, place: string): Role | null {
  if (text === null) return null;
  const role = ROLES.find((known) => known === text);
  if (role === undefined) throw new UsageError(`${place}: role ${quoted(text)} is not one of ${ROLES.join(', ')}`);
  return role;
}

/** Reads `name=alb,preset=aws-alb,idle-close=75s`. A command line may hold commas: it must come last. Throws a UsageError. */
export function parseHop(text: string): HopSpec {
  const place = `--hop ${quoted(text)}`;
  if (text.length > 4096) throw new UsageError('--hop is longer than 4096 characters');
  const fields: GivenField[] = [];
  let rest = text;
  while (rest !== '') {
    const [, key, value] = /^\s*([^=,]*?)\s*=(.*)$/s.exec(rest) ?? [];
    if (key === undefined || value === undefined)
      throw new UsageError(`${place}: ${quoted(rest)} has no =`, 'for example --hop name=alb,preset=aws-alb');
    const end = key === 'command' || !value.includes(',') ? value.length : value.indexOf(',');
    const part = value.slice(0, end).trim();
    fields.push({ key, text: part, source: { kind: 'flag', text: `${key}=${part}` } });
    rest = value.slice(end + 1);
  }
  if (fields.length === 0) throw new UsageError('--hop says nothing', 'for example --hop name=alb,preset=aws-alb');
  return hopFromFields(fields, place);
}
