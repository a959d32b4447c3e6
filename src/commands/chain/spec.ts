/** What the user says about a hop, by flag or in YAML, before anything is looked up. */
import { UsageError } from '../../base/errors.ts';
import { nearestNames } from '../../base/suggest.ts';
import type { ChainSource } from '../../knowledge/hop.ts';
import { quoted } from '../shared/options.ts';
import type { ChainHop } from './report.ts';

export type Role = ChainHop['role'];

/** What a hop begins with, before single settings are put over it. */
type HopBase =
  /** A stack, a preset, a file or a command line: whichever it turns out to be. */
  | { kind: 'word'; word: string }
  | { kind: 'stack' | 'preset' | 'file' | 'command'; word: string }
  /** Nothing but its settings. */
  | { kind: 'settings' };

/** One setting as it was given. */
export interface HopSetting {
  key: SettingKey;
  text: string;
  source: ChainSource;
}

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

/** The settings of `--hop` and YAML, and what each means. */
export const SETTINGS = {
  'idle-close': 'it closes a connection that a client leaves idle for that long, or never',
  'keep-alive': 'no: it closes after each response',
  'max-requests': 'requests after which it closes a connection of a client',
  'max-age': 'age at which it closes a connection of a client',
  'announces-close': 'whether it says Connection: close in the last response',
  capacity: 'connections that it holds at once, busy or idle',
  'request-timeout': 'it gives up on a request after that long',
  'pool-idle': 'it gives up an idle connection to the next hop after that long, or never',
  reuse: 'no, http-1.0, connection-close or no-pool: it uses each connection to the next hop once',
  'pool-size': 'idle connections to the next hop that it keeps',
  'pool-requests': 'requests that it sends on one connection to the next hop',
  'response-timeout': 'it waits that long for a response',
  retries: 'what it sends again when a reused connection fails: none, idempotent, unwritten, all',
  'honours-hint': 'whether it gives up earlier than Keep-Alive: timeout= says',
  'tcp-keepalive': 'off, or idle/interval/count such as 60s/15s/4, of both sides',
  'idle-timeout': 'of a middlebox: it forgets a connection that idles for that long',
  refreshes: 'of a middlebox: whether TCP keepalive restarts its timer',
} as const;

type SettingKey = keyof typeof SETTINGS;

/** What a hop is, in `--hop` and YAML, besides its settings. */
const NAMING = ['name', 'role', 'stack', 'preset', 'file', 'command', 'measure'] as const;
type NamingKey = (typeof NAMING)[number];

const ROLES = ['client', 'proxy', 'app', 'middlebox'] as const;

/** One `key=value` and where it stands. */
export interface GivenField {
  key: string;
  text: string;
  source: ChainSource;
}

/** Puts the fields of one hop together. Throws a UsageError for a key that does not exist or stands twice; `place` is named in it. */
export function hopFromFields(fields: readonly GivenField[], place: string): HopSpec {
  const naming = new Map<NamingKey, string>();
  const settings: HopSetting[] = [];
  for (const { key, text, source } of fields) {
    const where = source.kind === 'file' ? `${source.file}:${source.line}` : place;
    if (naming.has(key as NamingKey) || settings.some((setting) => setting.key === key))
      throw new UsageError(`${where}: ${quoted(key)} is given twice`);
    if (isNaming(key)) {
      if (text === '') throw new UsageError(`${where}: ${key} is empty`);
      naming.set(key, text);
    } else if (Object.hasOwn(SETTINGS, key)) {
      settings.push({ key: key as SettingKey, text, source }); // just looked up
    } else {
      const keys = [...NAMING, ...Object.keys(SETTINGS)];
      const near = nearestNames(key, keys);
      const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `known are ${keys.join(', ')}`;
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
  return {
    name: naming.get('name') ?? null,
    role: readRole(naming.get('role') ?? null, place),
    base: kind === undefined ? { kind: 'settings' } : { kind, word: naming.get(kind) ?? '' },
    settings,
    command,
    measure: naming.get('measure') ?? null,
    place,
  };
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
