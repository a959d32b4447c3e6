import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { importsOf, pathOf, sources, withoutComments } from './source-tree.ts';

/** What a unit of the house may import besides itself, and why nothing else. */
interface Row {
  mayImport: readonly string[];
  why: string;
}

const COMMANDER = '@commander-js/extra-typings';

/**
 * Imports point one way: cli → rooms → {connections, sockets, knowledge, output} → {linux, keepalive} → {report, base}. `node:*` stands for
 * every module of Node, `room` for every folder below commands/ but `shared`.
 */
const TABLE: Record<string, Row> = {
  cli: {
    mayImport: ['commands', 'output', 'linux', 'report', 'base'],
    why: 'cli only joins room, format and exit code; of linux it needs the way to end the process',
  },
  index: {
    mayImport: ['commands', 'room', 'connections', 'sockets', 'knowledge', 'report', 'base'],
    why: 'the library asks the same questions as the command line and prints nothing',
  },
  rules: { mayImport: ['room', 'connections', 'keepalive'], why: 'the catalogue of rules only says where each stands' },
  commands: {
    mayImport: [
      'room',
      'output',
      'connections',
      'sockets',
      'knowledge',
      'linux',
      'keepalive',
      'report',
      'base',
      COMMANDER,
      'node:*',
    ],
    why: 'the list of rooms names them, and what rooms share stands on the grounds below them',
  },
  room: {
    mayImport: [
      ...['commands', 'connections', 'sockets', 'knowledge', 'output', 'linux', 'keepalive', 'rules', 'report', 'base'],
      ...[COMMANDER, 'yaml', 'node:*'],
    ],
    why: 'rooms do not import each other: what two of them need moves down into a ground',
  },
  connections: {
    mayImport: ['linux', 'keepalive', 'report', 'base', 'ping-lite', 'node:*'],
    why: 'the network is observed for every room, and knows none',
  },
  sockets: {
    mayImport: ['linux', 'keepalive', 'report', 'base', 'node:*'],
    why: 'live sockets are listed for every room, and know none',
  },
  knowledge: { mayImport: ['keepalive', 'report', 'base'], why: 'facts about products are data: they need no machine' },
  output: {
    mayImport: ['report', 'base', 'chalk', 'cli-table3', COMMANDER, 'node:*'],
    why: 'renderers only read the report: what they show must be in it',
  },
  linux: {
    mayImport: ['report', 'base', 'koffi', 'node:*'],
    why: 'linux is the only folder that knows the kernel: nothing of kaprobe below it but words',
  },
  keepalive: { mayImport: ['report', 'base'], why: 'the science of keepalive is pure: settings in, judgements out' },
  report: { mayImport: ['base'], why: 'the report is the hinge of the program: everything imports it' },
  base: { mayImport: ['node:*'], why: 'everything imports base' },
};

/** Packages that cost start-up time, or that not every platform has: loaded where they are needed and not before. */
const DYNAMIC: Record<string, string> = {
  koffi: 'only commands that call the kernel may load it, and where it has no binary the rest must work',
  'ping-lite': 'it is loaded only when something is pinged',
};

/** Engines that decide and neither look nor wait, besides rules, keepalive/ and every decide-*.ts. */
const PURE_ENGINES = [
  ...['candidates', 'ladder', 'retransmit-schedule', 'measurement-file'].map((name) => `commands/measure/${name}.ts`),
  ...['wording', 'write', ...['pair', 'alignment', 'box-effect', 'judged-pair'].map((name) => `pairs/${name}`)].map(
    (name) => `commands/chain/${name}.ts`,
  ),
  ...['connection-log', 'judge-run', 'look-interval'].map((name) => `commands/run/${name}.ts`),
  ...['flows', 'judge-flows', 'reuse-remedy', 'reuse-watch'].map((name) => `commands/timewait/${name}.ts`),
  ...['commands/http/http-limits.ts', 'commands/simulate/timeline.ts', 'commands/sysctl/sysctl-file.ts'],
  ...['commands/watch/reset-evidence.ts', 'connections/probe-verdict.ts', 'connections/survival.ts'],
  ...['persistence', 'reuse-race', 'summarise-idle-closes'].map((name) => `connections/http/${name}.ts`),
  ...['keepalive-from-timer', 'probe-budget', 'recognise-runtime', 'socket-filter', 'socket-risk'].map(
    (name) => `sockets/${name}.ts`,
  ),
  ...['judge-programs', 'socket-group', 'socket-summary'].map((name) => `commands/sockets/${name}.ts`),
  'connections/locate/classify-icmp.ts',
];

const isPure = (path: string): boolean =>
  path.startsWith('keepalive/') ||
  path.startsWith('knowledge/') ||
  /(^|\/)(rules\/|decide-)/.test(path) ||
  PURE_ENGINES.includes(path);

interface Ban {
  pattern: RegExp;
  /** Reports whether the ban holds in that file, named by its path below src. */
  holdsIn(path: string): boolean;
  why: string;
}

const BANS: readonly Ban[] = [
  {
    pattern: /\b(Date|performance|setTimeout|setInterval|setImmediate)\b/,
    holdsIn: isPure,
    why: 'what decides is told the time: tests move the clock',
  },
  { pattern: /\bMath\.random\b/, holdsIn: isPure, why: 'the same facts must give the same findings' },
  {
    pattern: /\bprocess\s*(\.\s*(exit|exitCode|stdout|stderr)\b|\[)|\bconsole\s*\./,
    // The texts of guard and sink are programs of their own, for other processes.
    holdsIn: (path) => !['cli.ts', 'commands/lab/guard.ts', 'commands/lab/sink.ts'].includes(path),
    why: 'only cli.ts prints and sets the exit code: commands return, errors are thrown',
  },
];

/** The unit of the house that a path below src belongs to: a ground, a file beside it, or one room. */
function unitOf(path: string): string {
  const [folder = '', room = ''] = path.split('/');
  if (folder === 'commands' && path.split('/').length > 2 && room !== 'shared') return `commands/${room}`;
  return folder.replace(/(\.generated)?\.ts$/, '');
}

const rowOf = (unit: string): Row | undefined => TABLE[unit.startsWith('commands/') ? 'room' : unit];

/** What the import refers to: a unit, `node:*`, or a package. */
function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return unitOf(pathOf(path, specifier));
  if (specifier.startsWith('node:')) return 'node:*';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is wrong in one file, each with the import and the reason of the rule. */
function mistakesIn(path: string, code: string): string[] {
  const unit = unitOf(path);
  const row = rowOf(unit);
  if (row === undefined) return [`src/${path}: test/architecture.test.ts has no row that says what it may import`];
  const imports = importsOf(code).flatMap(({ specifier, isDynamic }) => {
    const target = targetOf(path, specifier);
    const name = target.startsWith('commands/') ? 'room' : target;
    const dynamicOnly = DYNAMIC[name];
    return [
      ...(target !== unit && !row.mayImport.includes(name) ? [`src/${path} imports ${specifier}: ${row.why}`] : []),
      ...(isPure(path) && ['node:*', 'linux'].includes(name)
        ? [`src/${path} imports ${specifier}: what decides needs no machine`]
        : []),
      ...(dynamicOnly !== undefined && !isDynamic
        ? [`src/${path} imports ${specifier} statically, write import('${name}') where it is used: ${dynamicOnly}`]
        : []),
    ];
  });
  const bans = BANS.flatMap(({ pattern, holdsIn, why }) => {
    const found = holdsIn(path) ? pattern.exec(withoutComments(code)) : null;
    return found === null ? [] : [`src/${path} says ${found[0]}: ${why}`];
  });
  return [...imports, ...bans];
}

/** Every circle of files that import each other, types included and import() left out, each as a walk along its files. */
function circlesIn(files: ReadonlyMap<string, string>): string[] {
  const circles = new Set<string>();
  const finished = new Set<string>();
  const way: string[] = [];
  const walk = (file: string): void => {
    if (finished.has(file)) return;
    const seenAt = way.indexOf(file);
    if (seenAt >= 0) {
      circles.add([...way.slice(seenAt), file].join(' → '));
      return;
    }
    way.push(file);
    for (const { specifier, isDynamic } of importsOf(files.get(file) ?? '')) {
      if (!isDynamic && specifier.startsWith('.')) walk(pathOf(file, specifier));
    }
    way.pop();
    finished.add(file);
  };
  for (const file of files.keys()) walk(file);
  return [...circles];
}

const LONGEST = 400;

/** Every file of more than 400 lines that is not in the list of docs/internals.md, and every one in that list that needs it no longer. */
function lengthComplaints(files: ReadonlyMap<string, string>, named: readonly string[]): string[] {
  const long = [...files]
    .filter(([path, code]) => !path.endsWith('.generated.ts') && code.split('\n').length - 1 > LONGEST)
    .map(([path]) => path);
  return [
    ...long
      .filter((path) => !named.includes(path))
      .map((path) => `src/${path} has more than ${LONGEST} lines: divide it, or give the reason in docs/internals.md`),
    ...named
      .filter((path) => !long.includes(path))
      .map((path) => `src/${path} is no longer a file of more than ${LONGEST} lines: take it out of docs/internals.md`),
  ];
}

/** How many files of a folder export such a plug-in. */
const plugIns = (folder: RegExp, exported: string): number =>
  [...sources].filter(([path, code]) => folder.test(path) && new RegExp(`^export const ${exported}\\b`, 'm').test(code))
    .length;
const foldersBelow = (pattern: RegExp): number =>
  new Set([...sources.keys()].flatMap((path) => pattern.exec(path)?.[1] ?? [])).size;

/** How many there are of what docs/internals.md may count. */
const COUNTS: Record<string, number> = {
  rooms: foldersBelow(/^commands\/(?!shared\/)([^/]+)\//),
  grounds: foldersBelow(/^(?!commands\/)([^/]+)\//),
  rules: plugIns(/\/rules\//, 'rule'),
  presets: plugIns(/^knowledge\/middleboxes\//, 'preset'),
  stacks: plugIns(/^knowledge\/stacks\//, 'stack'),
  formats: plugIns(/^output\/formats\//, 'format'),
};

/** The counts in a text that are not true, such as `12 rooms (there are 14)`. */
function wrongCounts(text: string): string[] {
  return [...text.matchAll(new RegExp(`\\b(\\d+) (${Object.keys(COUNTS).join('|')})\\b`, 'g'))]
    .filter(([, count, word = '']) => Number(count) !== COUNTS[word])
    .map(([phrase, , word = '']) => `${phrase} (there are ${COUNTS[word]})`);
}

const internals = readFileSync(new URL('../docs/internals.md', import.meta.url), 'utf8');

describe('the source', () => {
  test('is found', () => {
    expect([...sources.keys()]).toEqual(expect.arrayContaining(['cli.ts', 'keepalive/rules/keepalive-off.ts']));
    expect(sources.size).toBeGreaterThan(100);
  });

  test('imports in one direction, and only cli.ts prints', () => {
    const found = [...sources].flatMap(([path, code]) => mistakesIn(path, code));
    expect(found).toEqual([]);
  });

  test('has no circle of imports', () => {
    const found = circlesIn(sources);
    expect(found).toEqual([]);
  });

  test('has no file of more than 400 lines but those that docs/internals.md gives a reason for', () => {
    const named = [...internals.matchAll(/^\| `(\S+\.ts)` \| .*\w/gm)].map(([, path = '']) => path);
    expect(lengthComplaints(sources, named)).toEqual([]);
  });

  test('has as many rooms, grounds, rules, presets, stacks and formats as docs/internals.md says', () => {
    expect(wrongCounts(internals)).toEqual([]);
  });

  test('has a unit for every row', () => {
    const units = new Set([...sources.keys()].map((path) => unitOf(path).replace(/^commands\/.*/, 'room')));
    expect(Object.keys(TABLE).filter((unit) => !units.has(unit))).toEqual([]);
  });
});

describe('the checker', () => {
  test.each<[path: string, code: string, mistake: string]>([
    [
      'keepalive/bad.ts',
      "import { readFileSync } from 'node:fs';",
      'src/keepalive/bad.ts imports node:fs: the science',
    ],
    [
      'keepalive/bad.ts',
      "import {\n  type A,\n  b,\n} from '../linux/libc.ts';",
      'imports ../linux/libc.ts: the science',
    ],
    ['commands/a/bad.ts', "import type { B } from '../b/report.ts';", 'imports ../b/report.ts: rooms do not'],
    ['commands/a/bad.ts', "const { b } = await import('../b/command.ts');", 'imports ../b/command.ts: rooms do not'],
    ['commands/a/rules/bad.ts', "import { x } from 'node:net';", 'imports node:net: what decides needs no machine'],
    [
      'output/bad.ts',
      "export type * from '../commands/check/report.ts';",
      'imports ../commands/check/report.ts: renderers',
    ],
    ['linux/bad.ts', "import koffi from 'koffi';", "imports koffi statically, write import('koffi') where it is used"],
    ['connections/bad.ts', 'const x = await import(name);', 'imports (an expression): the network'],
    ['new-folder/a.ts', '', 'src/new-folder/a.ts: test/architecture.test.ts has no row'],
    [
      'commands/a/decide-b.ts',
      'const t = performance.now(); // why',
      'says performance: what decides is told the time',
    ],
    ['keepalive/bad.ts', 'const jitter = Math.random();', 'says Math.random: the same facts'],
    ['commands/a/bad.ts', 'process.exitCode = 1;', 'says process.exitCode: only cli.ts'],
  ])('objects in %s to %j', (path, code, mistake) => {
    expect(mistakesIn(path, code)).toContainEqual(expect.stringContaining(mistake));
  });

  test.each<[path: string, code: string]>([
    ['commands/a/rules/good.ts', "import { formatDuration } from '../../../base/units.ts';"],
    ['linux/good.ts', "let koffi: typeof import('koffi').default;\nkoffi = (await import('koffi')).default;"],
    [
      'keepalive/good.ts',
      "/**\n * import { x } from '../linux/libc.ts'; Date.now()\n */\n// import('node:fs')\nconst a = 1;",
    ],
    ['cli.ts', 'process.exitCode = 1;'],
  ])('has no objection in %s to %j', (path, code) => {
    expect(mistakesIn(path, code)).toEqual([]);
  });

  test('names a long file without a reason, and a reason without a long file', () => {
    const files = new Map([
      ['long.ts', '\n'.repeat(401)],
      ['named.ts', '\n'.repeat(401)],
      ['short.ts', '\n'.repeat(400)],
      ['all.generated.ts', '\n'.repeat(401)],
    ]);
    expect(lengthComplaints(files, ['named.ts', 'short.ts', 'gone.ts'])).toEqual([
      'src/long.ts has more than 400 lines: divide it, or give the reason in docs/internals.md',
      'src/short.ts is no longer a file of more than 400 lines: take it out of docs/internals.md',
      'src/gone.ts is no longer a file of more than 400 lines: take it out of docs/internals.md',
    ]);
  });

  test('names a count that is not true', () => {
    const { rooms, grounds = 0 } = COUNTS;
    expect(wrongCounts(`${rooms} rooms on ${grounds + 1} grounds`)).toEqual([
      `${grounds + 1} grounds (there are ${grounds})`,
    ]);
  });

  test('names the files of a circle, types included, and no other', () => {
    const files = new Map([
      ['a.ts', "import type { B } from './b/b.ts';"],
      ['b/b.ts', "import { c } from './c.ts';"],
      ['b/c.ts', "import { a } from '../a.ts';\nimport { d } from './d.ts';"],
      ['b/d.ts', "const later = () => import('../a.ts');"],
    ]);
    expect(circlesIn(files)).toEqual(['a.ts → b/b.ts → b/c.ts → a.ts']);
  });
});
