import { type Command, Option } from '@commander-js/extra-typings';
import { ParseError, UsageError } from '../../base/errors.ts';
import { DAY_MS, parseDuration, plural } from '../../base/units.ts';
import { stacks } from '../../knowledge/stacks/registry.generated.ts';
import { factsAbout } from '../../policy/facts.ts';
import { judge } from '../../policy/judge.ts';
import type { Finding } from '../../report/finding.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import type { CommandContext, Room } from '../room.ts';
import { durationOption, quoted } from '../shared/options.ts';
import { gapsOf, jointsOf, linksOf } from './alignment.ts';
import { type BuiltHop, buildHop, type HopVariants, kindOfFile, readText } from './build.ts';
import type { ConfigFiles } from './config/files.ts';
import { diskFiles } from './config-files.ts';
import { readInvocation } from './gunicorn/command-line.ts';
import { measureHops } from './measure.ts';
import type { Chain, ChainData, ChainHop } from './report.ts';
import { type HopSpec, parseHop, type Role, SETTINGS } from './spec.ts';
import { writerFor } from './write.ts';

const EXAMPLES = `
Examples:
  kaprobe chain nginx.conf gunicorn.conf.py
  kaprobe chain --proxy nginx.conf --app 'gunicorn --keep-alive 75 app:app'
  kaprobe chain --hop name=lb,preset=aws-alb --app node --rate 200/s
  kaprobe chain --client requests --middlebox juniper-srx-tcp --app arangodb
  kaprobe chain nginx.conf app.py --measure gunicorn=http://10.0.0.5:8000/`;

/** As undici has it for the hints of servers; a timer that looks once a second, and a stall of the event loop, fit into it. */
const DEFAULT_MARGIN_MS = 2000;
/** A hundred hops are a mistake; ten are a lot. */
const MOST_HOPS = 32;
/** A configuration with more routes than this is reported in part, and says so. */
const MOST_CHAINS = 24;

/** What was given on the command line, in its order. */
type Given = { kind: 'hop'; spec: HopSpec } | { kind: 'gunicorn' | 'measure'; text: string };

/** What is to be judged. */
interface ChainQuestion {
  hops: HopSpec[];
  requestsPerSecond: number | null;
  marginMs: number;
  nginxVersion: string | null;
  /** How long to wait for a server that is measured; null: by what is configured. */
  maxIdleMs: number | null;
  /** Only routes whose name has this in it; null: all. */
  route: string | null;
}

/** Judges whether the idle timeouts of client, proxy and application line up. */
export const room: Room<ChainData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command) {
    command
      .description(
        'Holds the idle timeouts of neighbouring hops against each other: who closes first, are connections reused at all, does a middlebox between them forget. From configuration, defaults, or the running server.',
      )
      .argument(
        '[files...]',
        'nginx.conf and gunicorn.conf.py in the order in which requests pass, or one YAML file with all hops',
      )
      .optionsGroup('Hops, from client to origin, in the order given:');
    addHopOptions(command);
    command
      .optionsGroup('Judged by:')
      .option('--rate <requests>', 'requests a second, such as 200/s: what connections that are not reused cost')
      .addOption(
        durationOption('--margin <duration>', 'by how much each hop must outlast the one before it (default: 2s)', {
          min: 0,
          max: 3_600_000,
          step: 1,
        }),
      )
      .addOption(
        durationOption(
          '--max-idle <duration>',
          'how long --measure waits for the server to close (default: a little longer than configured, or 2m)',
          { min: 100, max: DAY_MS, step: 1 },
        ),
      )
      .option('--nginx-version <version>', 'as nginx -v prints it: the defaults of upstreams changed with 1.29.7')
      .option('--route <words>', 'only the routes of nginx with these words in server name or location')
      .addHelpText('after', `\n${keysHelp()}\n${stacksHelp()}${EXAMPLES}`);
  },

  async run(operands, options, context) {
    const files = diskFiles();
    return judgeChain(await readQuestion(operands, options, files), files, context);
  },
};

/** All into one list: across options only that keeps the order. */
function addHopOptions(command: Command): void {
  const given: Given[] = [];
  const collect = (flags: string, description: string, read: (text: string) => Given): void => {
    command.addOption(
      new Option(flags, description).argParser((text: string) => {
        given.push(read(text));
        return given;
      }),
    );
  };
  const word = (role: Role) => (text: string) => hopOf(role, text);
  collect('--client <stack>', 'what sends the requests: requests, go, aiohttp, undici, ...', word('client'));
  collect(
    '--proxy <file>',
    'nginx.conf, the output of nginx -T, or a stack or preset such as envoy, aws-alb',
    word('proxy'),
  );
  collect(
    '--app <file>',
    'gunicorn.conf.py, a command line of gunicorn, or a stack such as node, uvicorn',
    word('app'),
  );
  collect(
    '--gunicorn <arguments>',
    'the arguments that gunicorn is started with; they come before its file',
    (text) => ({
      kind: 'gunicorn',
      text,
    }),
  );
  collect(
    '--middlebox <preset>',
    'what only forwards packets here: a preset, or an idle timeout such as 350s',
    readBox,
  );
  collect('--hop <key=value,...>', 'any hop, key by key (below)', (text) => ({ kind: 'hop', spec: parseHop(text) }));
  collect('--measure <url>', 'measure the idle close of the hop before it here, or of NAME with NAME=URL', (text) => ({
    kind: 'measure',
    text,
  }));
}

function hopOf(role: Role, word: string): Given {
  if (word.trim() === '') throw new UsageError(`--${role} is empty`, `for example --${role} ${EXAMPLE_OF[role]}`);
  const spec: HopSpec = {
    name: null,
    role,
    base: { kind: 'word', word },
    settings: [],
    command: null,
    measure: null,
    place: `--${role}`,
  };
  return { kind: 'hop', spec };
}

const EXAMPLE_OF: Record<Role, string> = {
  client: 'requests',
  proxy: 'nginx.conf',
  app: 'gunicorn.conf.py',
  middlebox: 'aws-nlb-tcp',
};

function readBox(text: string): Given {
  if (!/^[\d.]/.test(text)) return hopOf('middlebox', text);
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid') throw new UsageError(`--middlebox ${quoted(text)} ${parsed.reason}`);
  const source = { kind: 'flag', text: `--middlebox ${text}` } as const;
  return {
    kind: 'hop',
    spec: {
      name: 'middlebox',
      role: 'middlebox',
      base: { kind: 'settings' },
      settings: [{ key: 'idle-timeout', text, source }],
      command: null,
      measure: null,
      place: '--middlebox',
    },
  };
}

function keysHelp(): string {
  const rows = helpRows({
    'name, role': 'what to call it; client, proxy, app or middlebox',
    'stack, preset': 'what it is: its defaults hold where nothing else is said',
    'file, command': 'its configuration, its command line (last of the keys)',
    measure: 'URL at which its idle close is measured',
    ...SETTINGS,
  });
  return `Keys of --hop, and of each hop in YAML (a list, or "hops:" beside "rate:",\n"margin:" and "nginx-version:"):\n${rows}`;
}

function stacksHelp(): string {
  const shortest = (names: readonly string[]): string => names.reduce((a, b) => (b.length < a.length ? b : a));
  const named = (role: Role): string =>
    Object.values(stacks)
      .flatMap(({ id, http }) => (http?.role === role ? [shortest([id, ...(http.aliases ?? [])])] : []))
      .join(', ');
  return `\nStacks:\n${helpRows({ client: named('client'), proxy: named('proxy'), app: named('app') })}\n`;
}

/** A name and a text a row, the texts aligned and broken at 80 columns. */
function helpRows(rows: Record<string, string>): string {
  const column = Math.max(...Object.keys(rows).map((key) => key.length)) + 4;
  return Object.entries(rows)
    .flatMap(([key, text]) => {
      const lines = text.match(new RegExp(`.{1,${80 - column}}(?= |$)`, 'g')) ?? [text];
      return lines.map((line, index) => `${(index === 0 ? `  ${key}` : '').padEnd(column)}${line.trim()}`);
    })
    .join('\n');
}

async function readQuestion(
  operands: string[],
  options: Record<string, unknown>,
  files: ConfigFiles,
): Promise<ChainQuestion> {
  // Every option that collects hops holds the same list: any of them has all.
  const lists = ['client', 'proxy', 'app', 'gunicorn', 'middlebox', 'hop', 'measure'].map((name) => options[name]);
  const given = (lists.find(Array.isArray) ?? []) as Given[]; // its only source is `collect`
  const fromFiles = await readOperands(operands, files);
  const fromFlags = hopsWithMeasures(given, fromFiles?.hops ?? []);
  if (fromFiles !== null && fromFlags.some(({ role }) => role !== 'client'))
    throw new UsageError(
      'files without a flag can only be combined with --client',
      'say --proxy FILE and --app FILE: flags keep their order',
    );
  const text = (name: string, fallback: string | null = null): string | null =>
    typeof options[name] === 'string' ? options[name] : fallback;
  const rate = text('rate', fromFiles?.rate);
  return {
    hops: [...fromFlags, ...(fromFiles?.hops ?? [])],
    requestsPerSecond: rate === null ? null : readRate(rate),
    marginMs: typeof options['margin'] === 'number' ? options['margin'] : readMargin(fromFiles?.margin ?? null),
    nginxVersion: text('nginxVersion', fromFiles?.nginxVersion),
    maxIdleMs: typeof options['maxIdle'] === 'number' ? options['maxIdle'] : null,
    route: text('route'),
  };
}

interface FromFiles {
  hops: HopSpec[];
  rate: string | null;
  margin: string | null;
  nginxVersion: string | null;
}

/** One file that holds a whole chain, or one file a hop; null: no files. */
async function readOperands(operands: readonly string[], files: ConfigFiles): Promise<FromFiles | null> {
  if (operands.length === 0) return null;
  const [first = ''] = operands;
  if (operands.length === 1 && kindOfFile(first, '') === 'yaml') {
    const { LONGEST_YAML_BYTES, parseYamlChain } = await import('./yaml.ts');
    const text = readText(first, files);
    if (text.length > LONGEST_YAML_BYTES)
      throw new ParseError(`${quoted(first)} is longer than ${LONGEST_YAML_BYTES} characters`);
    return parseYamlChain(first, text);
  }
  const hops = operands.map(
    (word): HopSpec => ({
      name: null,
      role: null,
      base: { kind: 'file', word },
      settings: [],
      command: null,
      measure: null,
      place: quoted(word),
    }),
  );
  return { hops, rate: null, margin: null, nginxVersion: null };
}

/** Gives each `--measure URL` to the hop before it, and leaves `NAME=URL` to be found by name. */
function hopsWithMeasures(given: readonly Given[], before: readonly HopSpec[]): HopSpec[] {
  const hops: HopSpec[] = [];
  const all = [...before, ...specsOf(given)];
  for (const each of given) {
    if (each.kind === 'hop') {
      hops.push(each.spec);
      continue;
    }
    if (each.kind === 'gunicorn') {
      const configured = all.find(({ base, command }) => isGunicornFile(base) && command === null);
      if (configured !== undefined) configured.command = `gunicorn ${each.text}`;
      else hops.push(...specsOf([hopOf('app', `gunicorn ${each.text}`)]));
      continue;
    }
    const [, name, url = ''] = /^(?:([^=:/?]+)=)?(https?:\/\/.*)$/is.exec(each.text) ?? [];
    if (url === '')
      throw new UsageError(
        `--measure ${quoted(each.text)} is no http or https URL`,
        'for example --measure http://10.0.0.5:8000/ behind the hop, or --measure api=http://10.0.0.5:8000/',
      );
    const hop = name === undefined ? hops.at(-1) : [...all, ...hops].find((spec) => nameOf(spec) === name);
    if (hop === undefined)
      throw new UsageError(
        name === undefined ? '--measure stands before any hop' : `--measure: there is no hop ${quoted(name)}`,
        name === undefined ? 'put it behind the hop that answers there, or name it: NAME=URL' : null,
      );
    if (hop.measure !== null) throw new UsageError(`${nameOf(hop)} is to be measured twice`);
    hop.measure = url;
  }
  return hops;
}

function specsOf(given: readonly Given[]): HopSpec[] {
  return given.flatMap((each) => (each.kind === 'hop' ? [each.spec] : []));
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

function readRate(text: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,6})?)\/(s|m|h)$/.exec(text) ?? [];
  const perSecond = Number(amount) / (unit === 's' ? 1 : unit === 'm' ? 60 : 3600);
  if (!(perSecond > 0))
    throw new UsageError(`--rate ${quoted(text)} is no rate`, 'requests in a time, such as --rate 200/s or 30/m');
  return perSecond;
}

function readMargin(text: string | null): number {
  if (text === null) return DEFAULT_MARGIN_MS;
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid') throw new UsageError(`margin ${quoted(text)} ${parsed.reason}`);
  if (parsed.ms > 3_600_000) throw new UsageError(`margin ${quoted(text)} is out of range`);
  return parsed.ms;
}

async function judgeChain(
  question: ChainQuestion,
  files: ConfigFiles,
  context: CommandContext,
): Promise<Outcome<ChainData>> {
  const { requestsPerSecond, marginMs } = question;
  if (question.hops.length > MOST_HOPS)
    throw new UsageError(`a chain of ${question.hops.length} hops is too long`, `${MOST_HOPS} at most`);
  const hops = named(question.hops.map((spec) => buildHop(spec, { nginxVersion: question.nginxVersion, files })));
  checkOrder(hops);
  const measured = await measureHops(hops, question.maxIdleMs, context);
  const { routes, gaps } = routesThrough(measured.hops, question.route);
  const findings: Finding[] = [];
  const chains: Chain[] = [];
  gaps.push(...measured.gaps);
  for (const { label, built } of routes) {
    const chainHops = built.map(({ hop }) => hop);
    const about = label === null ? '' : ` (${label})`;
    chains.push({ route: label, hops: chainHops, joints: jointsOf(chainHops, marginMs) });
    for (const link of linksOf(chainHops)) {
      const subject = `${link.sender.name} -> ${link.receiver.name}${about}`;
      const switchesOf = (hop: ChainHop): BuiltHop['switches'] =>
        built.find((each) => each.hop.name === hop.name)?.switches ?? null;
      const joint = {
        link,
        marginMs,
        requestsPerSecond,
        poolIdleOnceReusedMs: switchesOf(link.sender)?.poolIdleOnceReusedMs ?? null,
        write: writerFor(switchesOf(link.sender), switchesOf(link.receiver)),
      };
      findings.push(...judge({ ...factsAbout(subject), joint }));
      gaps.push(...gapsOf(link, marginMs).map(({ what, reason }) => ({ subject, what, reason })));
    }
    for (const hop of chainHops) findings.push(...judge({ ...factsAbout(hop.name), measuredHop: hop }));
  }
  return {
    data: { chains, requestsPerSecond, marginMs },
    findings: distinct(findings),
    gaps: distinct(gaps),
  };
}

/** Routes share hops, and what is wrong with those is said once. */
function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** Numbers the hops whose names are taken: `nginx`, `nginx-2`. */
function named(hops: readonly HopVariants[]): HopVariants[] {
  const taken = new Set<string>();
  return hops.map((hop) => {
    let name = hop.name;
    for (let n = 2; taken.has(name); n++) name = `${hop.name}-${n}`;
    if (name !== hop.name && hop.spec.name !== null)
      throw new UsageError(`two hops are named ${quoted(hop.name)}`, 'give each a name of its own');
    taken.add(name);
    const variants = hop.variants.map((built) => ({ ...built, hop: { ...built.hop, name } }));
    return { ...hop, name, variants };
  });
}

function checkOrder(hops: readonly HopVariants[]): void {
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
    const before = hops[index - 1]?.name;
    if (role === 'client' && !isFirst)
      throw new UsageError(`${name} is a client and cannot stand behind ${before}`, ORDER_HINT);
    if (role === 'app' && !isLast)
      throw new UsageError(`${name} is an app and cannot stand before ${hops[index + 1]?.name}`, ORDER_HINT);
    if (role === 'middlebox' && (isFirst || isLast))
      throw new UsageError(`${name} only forwards packets and needs a hop on either side`, ORDER_HINT);
  });
  const files = new Map<string, string>();
  for (const { file, name } of hops) {
    if (file === null) continue;
    const other = files.get(file);
    if (other !== undefined)
      throw new UsageError(`${name} is read from the same file as ${other}`, 'each hop has one of its own');
    files.set(file, name);
  }
}

const ORDER_HINT = 'hops are given from client to origin';

/** One way through all hops. */
interface RouteThrough {
  label: string | null;
  built: BuiltHop[];
}

/** Every combination of the hops' routes; those that differ in nothing but their names are one. */
function routesThrough(hops: readonly HopVariants[], wanted: string | null): { routes: RouteThrough[]; gaps: Gap[] } {
  let routes: { labels: string[]; built: BuiltHop[] }[] = [{ labels: [], built: [] }];
  let leftOut = 0;
  hops.forEach((hop, index) => {
    const isLast = index === hops.length - 1;
    const variants = variantsOf(hop, isLast, wanted);
    const all = routes.flatMap(({ labels, built }) =>
      variants.map((variant) => ({
        labels: variant.route === null ? labels : [...labels, variant.route],
        built: [...built, variant],
      })),
    );
    routes = all.slice(0, MOST_CHAINS);
    leftOut += all.length - routes.length;
  });
  const several = routes.length > 1 || wanted !== null;
  return {
    routes: routes.map(({ labels, built }) => ({
      label: several && labels.length > 0 ? labels.join(', ') : null,
      built,
    })),
    gaps:
      leftOut === 0
        ? []
        : [
            {
              subject: 'chain',
              what: plural(leftOut, 'further route'),
              reason: `only ${MOST_CHAINS} are judged at once: choose with --route`,
            },
          ],
  };
}

/** The routes of one hop that lead on, merged where all settings and their lines are the same. */
function variantsOf({ variants, name, spec }: HopVariants, isLast: boolean, wanted: string | null): BuiltHop[] {
  const leadOn = variants.flatMap((variant) => {
    if (isLast) return [{ ...variant, hop: { ...variant.hop, client: null } }];
    return variant.hop.client === null && variant.hop.middlebox === null ? [] : [variant];
  });
  if (leadOn.length === 0)
    throw new UsageError(
      `${spec.place}: ${name} passes no requests on`,
      'there is no proxy_pass in it: it can only be the last hop',
    );
  const chosen = leadOn.filter(({ route }) => route === null || wanted === null || route.includes(wanted));
  if (chosen.length === 0)
    throw new UsageError(
      `--route ${quoted(wanted ?? '')} is in no route of ${name}`,
      `there are ${leadOn
        .slice(0, 5)
        .map(({ route }) => route)
        .join('; ')}${leadOn.length > 5 ? '; ...' : ''}`,
    );
  const groups = new Map<string, BuiltHop[]>();
  for (const variant of chosen) {
    const { server, client } = variant.hop;
    const key = JSON.stringify([server, client]);
    groups.set(key, [...(groups.get(key) ?? []), variant]);
  }
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const route = first.route === null || rest.length === 0 ? first.route : `${first.route} and ${rest.length} more`;
    return [{ ...first, route }];
  });
}
