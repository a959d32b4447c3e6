/** From what the user says about a hop to what is known about it. */
import { basename, resolve } from 'node:path';
import { ParseError, UsageError } from '../../base/errors.ts';
import { nearestNames } from '../../base/suggest.ts';
import { parseDuration } from '../../base/units.ts';
import { findPreset } from '../../knowledge/find-middlebox.ts';
import { findHttpStack, httpStackNames } from '../../knowledge/find-stack.ts';
import type { ChainClientSide, ChainServerSide, ChainSource, ChainValue, Limit } from '../../knowledge/hop.ts';
import { presets } from '../../knowledge/middleboxes/registry.generated.ts';
import type { MiddleboxPreset } from '../../knowledge/preset.ts';
import {
  clientSideOf,
  confidenceOf,
  productOf,
  serverSideOf,
  unknownClientSide,
  unknownServerSide,
} from '../../knowledge/sides.ts';
import type { HttpSwitches, Stack } from '../../knowledge/stack.ts';
import { nginxClearConnection, nginxHttp11, nginxPool } from '../../knowledge/stacks/nginx.ts';
import { stacks } from '../../knowledge/stacks/registry.generated.ts';
import { IDLE_TIMEOUT_BOUNDS, quoted } from '../shared/options.ts';
import type { ConfigFiles } from './config/files.ts';
import { readInvocation, splitWords } from './gunicorn/command-line.ts';
import { type GunicornStart, readGunicorn } from './gunicorn/read-gunicorn.ts';
import { readDump } from './nginx/dump.ts';
import { readNginx } from './nginx/read-nginx.ts';
import type { NginxRoute } from './nginx/route.ts';
import type { ChainHop } from './report.ts';
import type { HopSetting, HopSpec, Role } from './spec.ts';

/** One hop as one route sees it. */
export interface BuiltHop {
  hop: ChainHop;
  /** How to write its settings; null: not known. */
  switches: HttpSwitches | null;
  /** What tells the route from others of the same configuration; null: there is only one. */
  route: string | null;
}

/** What can be known of a hop before its neighbours are. Several when its configuration sends requests on in several ways. */
export interface HopVariants {
  spec: HopSpec;
  name: string;
  role: Role;
  variants: BuiltHop[];
  /** The file that it was read from, to be recognised when it is given again. */
  file: string | null;
}

/** What a hop begins with: what its base says, before settings and names. */
interface Ground {
  name: string;
  role: Role | null;
  file: string | null;
  variants: (Omit<BuiltHop, 'hop'> & { hop: Omit<ChainHop, 'name' | 'role'> })[];
}

export interface BuildOptions {
  nginxVersion: string | null;
  files: ConfigFiles;
}

/** Looks up or reads what the hop is, and puts its settings over it. Throws a UsageError or a ParseError. */
export function buildHop(spec: HopSpec, options: BuildOptions): HopVariants {
  const ground = groundOf(spec, options);
  const role = spec.role ?? ground.role ?? roleFromSettings(spec);
  const name = spec.name ?? ground.name;
  if (name.length > 40 || name.trim() === '') throw new UsageError(`${spec.place}: a name has 1 to 40 characters`);
  const variants = ground.variants.map((variant) => {
    const hop = roled({ ...variant.hop, name, role }, spec);
    for (const setting of spec.settings) applySetting(hop, setting, spec);
    return { ...variant, hop };
  });
  return { spec, name, role, variants, file: ground.file };
}

function groundOf(spec: HopSpec, options: BuildOptions): Ground {
  const { base } = spec;
  switch (base.kind) {
    case 'settings':
      return groundOfSettings(spec);
    case 'stack':
      return groundOfStack(spec, stackNamed(base.word, spec.place), options);
    case 'preset':
      return groundOfPreset(findPreset(base.word), spec);
    case 'file':
      return groundOfFile(base.word, spec, options);
    case 'command':
      return groundOfCommand(base.word, spec, options);
    case 'word':
      return groundOfWord(base.word, spec, options);
    default:
      return base satisfies never;
  }
}

/** Stacks before presets before files: a file whose name is that of a stack is meant with a `./` before it. */
function groundOfWord(word: string, spec: HopSpec, options: BuildOptions): Ground {
  if (/\s/.test(word.trim()) && readInvocation(word) !== null) return groundOfCommand(word, spec, options);
  const isPath = word === '-' || word.includes('/') || /\.(conf|py|cfg|ini|ya?ml|nginx|j2)$/i.test(word);
  if (isPath) return groundOfFile(word, spec, options);
  if (/\s/.test(word.trim())) return groundOfCommand(word, spec, options);
  const stack = spec.role === 'middlebox' ? null : findHttpStack(word);
  if (stack !== null) return groundOfStack(spec, stack, options);
  if (Object.hasOwn(presets, word)) return groundOfPreset(findPreset(word), spec);
  if (options.files.read(word).kind === 'file') return groundOfFile(word, spec, options);
  if (spec.role === 'middlebox') return groundOfPreset(findPreset(word), spec);
  throw unknownWord(word, spec.place);
}

function unknownWord(word: string, place: string): UsageError {
  const near = nearestNames(word, [...httpStackNames(), ...Object.keys(presets)]);
  const guess = near.length === 0 ? '' : `did you mean ${near.join(' or ')}? `;
  return new UsageError(
    `${place}: ${quoted(word)} is neither a file nor a stack nor a preset that is known`,
    `${guess}see kaprobe chain --help and kaprobe middleboxes`,
  );
}

function stackNamed(word: string, place: string): Stack {
  const stack = findHttpStack(word);
  if (stack !== null) return stack;
  const near = nearestNames(word, httpStackNames());
  const known = `known are ${Object.values(stacks)
    .flatMap(({ id, http }) => (http === undefined ? [] : [id]))
    .join(', ')}`;
  throw new UsageError(
    `${place}: unknown stack ${quoted(word)}`,
    near.length === 0 ? known : `did you mean ${near.join(' or ')}?`,
  );
}

function groundOfStack(spec: HopSpec, stack: Stack, options: BuildOptions): Ground {
  // What its worker makes of it is known best where its command line is read.
  if (stack.id === 'gunicorn') return groundOfCommand('gunicorn', spec, options);
  const { http } = stack;
  return {
    name: spec.base.kind === 'settings' ? stack.id : spec.base.word.toLowerCase(),
    role: http?.role ?? null,
    file: null,
    variants: [
      {
        hop: {
          ...bareHop(productOf(stack)),
          origin: {
            kind: 'stack',
            id: stack.id,
            confidence: confidenceOf(stack),
            url: stack.source,
          },
          server: serverSideOf(stack),
          client: clientSideOf(stack),
          doubts: doubtsOfSource(productOf(stack), confidenceOf(stack)),
        },
        switches: { ...(stack.switchOn === undefined ? {} : { tcpKeepalive: stack.switchOn }), ...http?.write },
        route: null,
      },
    ],
  };
}

function doubtsOfSource(name: string, confidence: string): string[] {
  return confidence === 'recalled' ? [`the defaults of ${name} are recalled, not read: check them`] : [];
}

function bareHop(product: string): Omit<ChainHop, 'name' | 'role'> {
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

/** A proxy that knows requests becomes a hop of its own; what forwards packets or bytes a middlebox. */
function groundOfPreset(preset: MiddleboxPreset, { place }: HopSpec): Ground {
  const { id, name, kind, legs, protocol, idleTimeoutMs, source, confidence, configurableWith, keepalive } = preset;
  if (protocol !== 'tcp')
    throw new UsageError(`${place}: ${quoted(id)} is about ${protocol.toUpperCase()}, not about TCP connections`);
  if (kind === 'l7-proxy' && legs === null)
    throw new UsageError(
      `${place}: the preset ${quoted(id)} says nothing about idle HTTP connections`,
      'give what it does, such as --hop name=lb,role=proxy,idle-close=60s,pool-idle=60s',
    );
  if (idleTimeoutMs === null)
    throw new UsageError(
      `${place}: the preset ${quoted(id)} has no default idle timeout`,
      'give the configured one, such as --hop name=fw,role=middlebox,idle-timeout=30m',
    );
  const origin = { kind: 'preset', id, confidence, url: source } as const;
  const from: ChainSource = { kind: 'default', id, detail: `${name}, ${confidence}` };
  const value = <T>(given: T): ChainValue<T> => ({ value: given, source: from, setting: null });
  const hop = { ...bareHop(name), origin, doubts: doubtsOfSource(name, confidence) };
  const line = configurableWith === null ? [] : [`# ${configurableWith}`];
  if (kind !== 'l7-proxy' || legs === 'tcp') {
    return {
      name: id,
      role: 'middlebox',
      file: null,
      variants: [
        {
          hop: {
            ...hop,
            middlebox: {
              idleTimeoutMs: value(idleTimeoutMs),
              keepaliveRefreshes: legs === 'tcp' ? false : keepalive.refreshes,
            },
          },
          switches: null,
          route: null,
        },
      ],
    };
  }
  const otherLeg = `the preset ${id} is about the other side`;
  const server: ChainServerSide = {
    ...unknownServerSide(legs === 'origin' ? otherLeg : `the preset ${id} does not say`),
    ...(legs === 'origin' ? {} : { reuse: value(true), idleCloseMs: value<Limit>(idleTimeoutMs) }),
  };
  const client: ChainClientSide = {
    ...unknownClientSide(legs === 'client' ? otherLeg : `the preset ${id} does not say`),
    ...(legs === 'client' ? {} : { reuse: value(true), poolIdleMs: value<Limit>(idleTimeoutMs) }),
  };
  return {
    name: id,
    role: 'proxy',
    file: null,
    variants: [
      { hop: { ...hop, server, client }, switches: { idleClose: () => line, poolIdle: () => line }, route: null },
    ],
  };
}

function groundOfSettings(spec: HopSpec): Ground {
  if (spec.settings.length === 0)
    throw new UsageError(
      `${spec.place}: the hop says nothing about its connections`,
      'give a stack, a preset, a file or settings such as idle-close=75s',
    );
  const reason = 'not given';
  return {
    name: spec.role ?? 'hop',
    role: null,
    file: null,
    variants: [
      {
        hop: { ...bareHop('as given'), server: unknownServerSide(reason), client: unknownClientSide(reason) },
        switches: null,
        route: null,
      },
    ],
  };
}

/** By the file's name, else by what stands in it. */
function groundOfFile(path: string, spec: HopSpec, options: BuildOptions): Ground {
  switch (kindOfFile(path, readText(path, options.files))) {
    case 'gunicorn':
      return groundOfGunicorn({ configPath: path, words: wordsOf(spec.command), environmentWords: null }, options, {
        kind: 'file',
        file: path,
        line: null,
      });
    case 'nginx':
      return groundOfNginx(path, options);
    case 'yaml':
      throw new UsageError(`${quoted(path)} describes a whole chain`, 'give it alone: kaprobe chain FILE');
    case null:
      throw new UsageError(
        `cannot tell what ${quoted(path)} is`,
        'known are the configuration of nginx, that of gunicorn (*.py), and a chain in YAML (*.yaml)',
      );
  }
}

/** The text of a file that the user named. Throws a ParseError where it cannot be read. */
export function readText(path: string, files: ConfigFiles): string {
  return Buffer.from(readBytes(path, files)).toString('utf8');
}

function readBytes(path: string, files: ConfigFiles): Uint8Array {
  if (path === '-') throw new UsageError('standard input is not read', SAVE_HINT);
  const file = files.read(path);
  if (file.kind === 'file') return file.bytes;
  throw new ParseError(`cannot read ${quoted(path)}: ${file.reason}`, HINTS[file.reason] ?? null);
}

const SAVE_HINT = 'give a file, for example what nginx -T > nginx.txt wrote';
const HINTS: Readonly<Record<string, string>> = {
  'is a folder': 'give the file in it from which all others are included, usually nginx.conf',
  'is not a regular file': SAVE_HINT,
};

function wordsOf(command: string | null): string[] {
  return command === null ? [] : splitWords(command);
}

/** What a file holds, by its name, else by its first directives; null: none of these. */
export function kindOfFile(path: string, text: string): 'nginx' | 'gunicorn' | 'yaml' | null {
  const name = basename(path).toLowerCase();
  if (/\.ya?ml$/.test(name)) return 'yaml';
  if (name.endsWith('.py')) return 'gunicorn';
  if (/^nginx.*\.conf$/.test(name) || /^# configuration file .+:\r?$/m.test(text)) return 'nginx';
  if (/^\s*(events|http|upstream\s+\S+|server|worker_processes\s+\S+|user\s+\S+)\s*[{;]/m.test(text)) return 'nginx';
  return /^\s*(bind|workers|worker_class|keepalive|wsgi_app)\s*=/m.test(text) ? 'gunicorn' : null;
}

function groundOfGunicorn(start: GunicornStart, { files }: BuildOptions, origin: ChainHop['origin']): Ground {
  const { server, product, doubts } = readGunicorn(start, files);
  return {
    name: 'gunicorn',
    role: 'app',
    file: start.configPath === null ? null : resolve(start.configPath),
    variants: [
      {
        hop: {
          ...bareHop(product),
          origin,
          server,
          doubts,
        },
        switches: stacks['gunicorn']?.http?.write ?? null,
        route: null,
      },
    ],
  };
}

/** Only gunicorn's is read. */
function groundOfCommand(text: string, spec: HopSpec, options: BuildOptions): Ground {
  const invocation = readInvocation(text);
  if (invocation === null) {
    const [program = ''] = text.trim().split(/\s/);
    const stack = findHttpStack(basename(program));
    throw new UsageError(
      `${spec.place}: ${quoted(text)} is no command line that can be read`,
      stack === null
        ? 'only that of gunicorn is: gunicorn --keep-alive 75 -k gthread app:app'
        : `of ${stack.id} only the defaults are known: give what differs, such as --hop stack=${stack.id},idle-close=75s`,
    );
  }
  return groundOfGunicorn({ configPath: null, ...invocation }, options, { kind: 'command-line', text });
}

function groundOfNginx(path: string, { nginxVersion, files }: BuildOptions): Ground {
  const dump = readDump(path, readBytes(path, files));
  const { routes, doubts } = readNginx(dump?.mainPath ?? path, { version: nginxVersion, files: dump?.files ?? files });
  if (routes.length === 0) throw new ParseError(`${quoted(path)} has no server that answers HTTP`);
  return {
    name: 'nginx',
    role: 'proxy',
    file: resolve(path),
    variants: routes.map((route) => ({
      hop: {
        ...bareHop('nginx'),
        origin: { kind: 'file', file: route.place.file, line: route.place.line },
        server: { ...route.server, hintMs: route.hintMs, makesRoom: true }, // ngx_drain_connections
        client: route.client === null ? null : { ...route.client, asksToClose: asksToClose(route) },
        doubts: [...doubts, ...route.doubts],
      },
      switches: nginxSwitches(route),
      route: routeLabel(route),
    })),
  };
}

/** What holds for all of nginx, and where in this configuration it belongs. */
function nginxSwitches(route: NginxRoute): HttpSwitches {
  const write: HttpSwitches = stacks['nginx']?.http?.write ?? {};
  const block = route.passTo?.block ?? null;
  return {
    ...write,
    reuse: () => reuseLines(route),
    poolIdle: (ms) => [
      ...(block === null ? [] : [`# in upstream ${route.passTo?.name} at ${block.file}:${block.line}`]),
      ...(write.poolIdle?.(ms) ?? []),
    ],
  };
}

function routeLabel({ serverName, location }: NginxRoute): string {
  return location === null ? serverName : `${serverName} ${location}`;
}

/** Whether requests on this route end their connection, if the configuration says so much. */
function asksToClose({ pool }: NginxRoute): boolean | null {
  if (pool === null || 'kind' in pool.httpVersion || 'kind' in pool.connection) return null;
  return pool.httpVersion.value === '1.0' || pool.connection.value.toLowerCase() === 'close';
}

/** What is missing for reuse, each where it belongs, so that it may be pasted there and all else stays as it was. */
function reuseLines({ passTo, pool, place, client, headers }: NginxRoute): string[] {
  if (passTo === null || pool === null || (passTo.protocol !== 'http' && passTo.protocol !== 'https')) return [];
  const needs = <T>(value: ChainValue<T> | { kind: 'unmeasured' }, wanted: (given: T) => boolean): boolean =>
    'kind' in value || !wanted(value.value);
  const needsBlock = passTo.block === null && needs(pool.size, (size) => size > 0);
  const isUnix = /^unix:/i.test(passTo.name);
  const lines: string[] = [];
  const beside: string[] = [];
  /** In place of a line that says otherwise: nginx refuses most of them twice. */
  const put = (value: ChainValue<unknown> | { kind: 'unmeasured' }, line: string, otherwise: string[]): void => {
    if (!('kind' in value) && value.source.kind === 'file')
      lines.push(`# ${value.source.file}:${value.source.line}, in place of what stands there`, line);
    else otherwise.push(line);
  };
  if (needsBlock) {
    lines.push('upstream NAME {', ...passTo.servers.map((server) => `    server ${withPort(server, passTo)};`));
    lines.push(`    ${nginxPool}`, '}');
    lines.push(
      `# ${place.file}:${place.line}, in place of ${passTo.name}${isUnix ? ' and a colon behind it' : ''}; what follows the address stays`,
    );
    lines.push(`proxy_pass ${passTo.protocol}://NAME;`);
  } else if (passTo.block !== null && needs(pool.size, (size) => size > 0)) {
    const { size } = pool;
    lines.push(
      !('kind' in size) && size.source.kind === 'file'
        ? `# ${size.source.file}:${size.source.line}, in place of that line, at the end of upstream ${passTo.name}: behind any balancing method`
        : `# ${passTo.block.file}:${passTo.block.line}, in upstream ${passTo.name}`,
      nginxPool,
    );
  }
  const reuse = client?.reuse;
  if (reuse !== undefined && !('kind' in reuse) && client?.noReuseBecause === 'single-use') {
    if (reuse.setting === 'keepalive_timeout') put(reuse, 'keepalive_timeout 60s;', beside);
    if (reuse.setting === 'keepalive_requests') put(reuse, 'keepalive_requests 1000;', beside);
  }
  if (needs(pool.httpVersion, (version) => version === '1.1')) put(pool.httpVersion, nginxHttp11, beside);
  const closes = 'kind' in pool.connection || /\bclose\b/i.test(pool.connection.value);
  // A header that a map makes lets WebSockets through, and must go on to.
  const fromMap = headers.connection?.includes('$') === true;
  if (closes && fromMap)
    lines.push(
      `# in the map that makes ${headers.connection}, in place of close: requests that ask for no upgrade`,
      "'' '';",
    );
  // What nginx sends as Host otherwise is what proxy_pass names (ngx_http_proxy_set_vars).
  const host = needsBlock && !headers.setHost ? [`proxy_set_header Host ${isUnix ? 'localhost' : passTo.name};`] : [];
  const cleared = closes && !fromMap ? [nginxClearConnection] : [];
  if (headers.fromAround.length > 0 && host.length + cleared.length > 0) {
    const repeated = headers.fromAround.filter(
      ([name = '']) => cleared.length === 0 || name.toLowerCase() !== 'connection',
    );
    if (repeated.length > 0) beside.push('# those from around hold here only when repeated');
    beside.push(...repeated.map((args) => `proxy_set_header ${args.map(nginxWord).join(' ')};`), ...host, ...cleared);
  } else {
    beside.push(...host);
    for (const line of cleared) put(pool.connection, line, beside);
  }
  return [...lines, ...(beside.length === 0 ? [] : [`# ${place.file}:${place.line}, beside it`, ...beside])];
}

/** In an upstream block the port is 80 unless it is there, whatever the scheme of `proxy_pass`. */
function withPort(server: string, { protocol }: NonNullable<NginxRoute['passTo']>): string {
  return protocol === 'http' || /:\d+$|^unix:/i.test(server) ? server : `${server}:443`;
}

/** A word as ngx_conf_read_token takes it. */
function nginxWord(text: string): string {
  return /^[^\s;{}"'\\#]+$/.test(text) || /^\$\{?\w+\}?$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

const SERVER_KEYS = [
  'idle-close',
  'keep-alive',
  'max-requests',
  'max-age',
  'announces-close',
  'capacity',
  'request-timeout',
];
const CLIENT_KEYS = ['pool-idle', 'reuse', 'pool-size', 'pool-requests', 'response-timeout', 'retries', 'honours-hint'];
const BOX_KEYS = ['idle-timeout', 'refreshes'];

function roleFromSettings({ settings, place }: HopSpec): Role {
  const has = (keys: readonly string[]): boolean => settings.some(({ key }) => keys.includes(key));
  if (has(BOX_KEYS)) return 'middlebox';
  if (has(SERVER_KEYS)) return has(CLIENT_KEYS) ? 'proxy' : 'app';
  if (has(CLIENT_KEYS)) return 'client';
  throw new UsageError(`${place}: the hop has no role`, 'add role=client, role=proxy, role=app or role=middlebox');
}

/** Leaves the sides that the role has. Throws a UsageError when one is missing. */
function roled(hop: ChainHop, { place, settings }: HopSpec): ChainHop {
  const { role, name } = hop;
  if (role === 'middlebox') {
    const timeout = settings.find(({ key }) => key === 'idle-timeout');
    if (hop.middlebox !== null) return hop;
    if (timeout === undefined)
      throw new UsageError(`${place}: a middlebox needs idle-timeout`, 'for example idle-timeout=30m');
    const idleTimeoutMs = { value: durationOf(timeout), source: timeout.source, setting: null };
    return { ...hop, server: null, client: null, middlebox: { idleTimeoutMs, keepaliveRefreshes: true } };
  }
  if (hop.middlebox !== null)
    throw new UsageError(`${place}: ${name} only forwards packets: it is a middlebox, not a ${role}`);
  if (role !== 'app' && hop.client === null && hop.server !== null)
    throw new UsageError(`${place}: ${name} passes no requests on, so it can only be the app, the last hop`);
  if (role !== 'client' && hop.server === null)
    throw new UsageError(`${place}: ${name} accepts no connections, so it can only be the client, the first hop`);
  return {
    ...hop,
    server: role === 'client' ? null : hop.server,
    client: role === 'app' ? null : hop.client,
  };
}

/** Puts one setting over what is known. Throws where it does not fit the hop or cannot be read. */
function applySetting(hop: ChainHop, setting: HopSetting, { place }: HopSpec): void {
  const { key, text, source } = setting;
  const value = <T>(given: T): ChainValue<T> => ({
    value: given,
    source,
    setting: source.kind === 'file' ? key : null,
  });
  const serverSide = (): ChainServerSide => {
    if (hop.server === null) throw new UsageError(`${place}: ${key} is not for a ${hop.role}`);
    return hop.server;
  };
  const clientSide = (): ChainClientSide => {
    if (hop.client === null)
      throw new UsageError(`${place}: ${key} is not for ${hop.role === 'app' ? 'an app' : `a ${hop.role}`}`);
    return hop.client;
  };
  const box = (): NonNullable<ChainHop['middlebox']> => {
    if (hop.middlebox === null) throw new UsageError(`${place}: ${key} is only for a middlebox`);
    return hop.middlebox;
  };
  switch (key) {
    case 'idle-close': {
      const limit = limitOf(setting);
      hop.server = { ...serverSide(), reuse: value(limit !== 0), idleCloseMs: value(limit) };
      return;
    }
    case 'keep-alive':
      hop.server = { ...serverSide(), reuse: value(yesOrNo(setting)) };
      return;
    case 'max-requests':
      hop.server = { ...serverSide(), maxRequests: value(countOrNever(setting)) };
      return;
    case 'max-age':
      hop.server = { ...serverSide(), maxAgeMs: value(limitOf(setting)) };
      return;
    case 'announces-close':
      hop.server = { ...serverSide(), announcesClose: yesOrNo(setting) };
      return;
    case 'capacity':
      hop.server = { ...serverSide(), capacity: value(countOf(setting)) };
      return;
    case 'request-timeout':
      hop.server = { ...serverSide(), requestTimeoutMs: value(limitOf(setting)) };
      return;
    case 'pool-idle': {
      const limit = limitOf(setting);
      const reuses = limit !== 0;
      hop.client = {
        ...clientSide(),
        reuse: value(reuses),
        noReuseBecause: reuses ? null : 'no-pool',
        poolIdleMs: value(limit),
      };
      return;
    }
    case 'reuse': {
      const because = NO_REUSE.find((reason) => reason === text) ?? (yesOrNo(setting, NO_REUSE) ? null : 'single-use');
      hop.client = { ...clientSide(), reuse: value(because === null), noReuseBecause: because };
      return;
    }
    case 'pool-size':
      hop.client = { ...clientSide(), poolSize: value(countOrNever(setting)) };
      return;
    case 'pool-requests':
      hop.client = { ...clientSide(), maxRequests: value(countOrNever(setting)) };
      return;
    case 'response-timeout':
      hop.client = { ...clientSide(), responseTimeoutMs: value(limitOf(setting)) };
      return;
    case 'retries': {
      const retries = RETRIES.find((known) => known === text);
      if (retries === undefined) throw bad(setting, `is not one of ${RETRIES.join(', ')}`);
      hop.client = { ...clientSide(), retries };
      return;
    }
    case 'honours-hint':
      hop.client = { ...clientSide(), honoursHint: yesOrNo(setting) };
      return;
    case 'tcp-keepalive': {
      const tcpKeepalive = value(keepaliveOf(setting));
      if (hop.role === 'middlebox') throw new UsageError(`${place}: ${key} is not for a middlebox`);
      if (hop.server !== null) hop.server = { ...hop.server, tcpKeepalive };
      if (hop.client !== null) hop.client = { ...hop.client, tcpKeepalive };
      return;
    }
    case 'idle-timeout':
      if (hop.middlebox === null && hop.origin.kind === 'preset') {
        // Of a load balancer it is one number for both of its sides.
        const limit = value(limitOf(setting));
        if (hop.server !== null) hop.server = { ...hop.server, idleCloseMs: limit };
        if (hop.client !== null) hop.client = { ...hop.client, poolIdleMs: limit };
        return;
      }
      hop.middlebox = { ...box(), idleTimeoutMs: value(durationOf(setting)) };
      return;
    case 'refreshes':
      hop.middlebox = { ...box(), keepaliveRefreshes: yesOrNo(setting) };
      return;
    default:
      key satisfies never;
  }
}

const NO_REUSE = ['http-1.0', 'connection-close', 'no-pool'] as const;
const RETRIES = ['none', 'idempotent', 'unwritten', 'all'] as const;

function bad({ key, text, source }: HopSetting, reason: string): UsageError | ParseError {
  return source.kind === 'file'
    ? new ParseError(`${source.file}:${source.line}: ${key} ${quoted(text)} ${reason}`)
    : new UsageError(`${key} ${quoted(text)} ${reason}`);
}

/** Milliseconds; 0 where it stands for "at once". */
function durationOf(setting: HopSetting, minMs = 1): number {
  const parsed = parseDuration(setting.text);
  if (parsed.kind === 'invalid') throw bad(setting, parsed.reason);
  if (parsed.ms < minMs || parsed.ms > IDLE_TIMEOUT_BOUNDS.max) throw bad(setting, 'is out of range');
  return parsed.ms;
}

function limitOf(setting: HopSetting): Limit {
  return setting.text === 'never' ? 'never' : durationOf(setting, 0);
}

function countOf(setting: HopSetting): number {
  if (!/^\d{1,9}$/.test(setting.text)) throw bad(setting, 'is not a whole number');
  return Number(setting.text);
}

function countOrNever(setting: HopSetting): Limit {
  return setting.text === 'never' ? 'never' : countOf(setting);
}

function yesOrNo(setting: HopSetting, others: readonly string[] = []): boolean {
  if (setting.text === 'yes') return true;
  if (setting.text === 'no') return false;
  throw bad(setting, `is not one of ${['yes', 'no', ...others].join(', ')}`);
}

function keepaliveOf(setting: HopSetting): { idleMs: number; intervalMs: number; count: number } | null {
  if (setting.text === 'off') return null;
  const [idle, interval, count, ...rest] = setting.text.split('/');
  const part = (text: string): number => durationOf({ ...setting, text }, 1000);
  if (idle === undefined || interval === undefined || count === undefined || rest.length > 0)
    throw bad(setting, 'is neither off nor idle/interval/count such as 60s/15s/4');
  if (!/^[1-9]\d{0,2}$/.test(count)) throw bad(setting, 'has no whole number of probes at its end');
  return { idleMs: part(idle), intervalMs: part(interval), count: Number(count) };
}
