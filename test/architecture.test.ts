import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** What a folder, or a file directly below src, may import besides itself, and why nothing else. */
interface Row {
  mayImport: readonly string[];
  why: string;
}

const SMALL = ['errors', 'report', 'units'];

/** Imports point one way: cli → commands → probes, middlebox, stacks, lab → linux. `node:*` stands for every module of Node. */
const TABLE: Record<string, Row> = {
  cli: {
    mayImport: ['commands', 'renderers', 'terminal', 'sealed', 'linux', 'errors', 'report', 'version', 'commander'],
    why: 'cli only joins command, renderer and exit code; of linux it needs the way to end the process',
  },
  index: {
    mayImport: ['commands', 'middlebox', 'sealed', 'target', 'errors', 'report'],
    why: 'the library asks the same questions as the command line and prints nothing',
  },
  commands: {
    mayImport: [
      ...[
        'probes',
        'middlebox',
        'stacks',
        'lab',
        'linux',
        'policy',
        'concurrently',
        'config-files',
        'nearest',
        'target',
        ...SMALL,
      ],
      ...['commander', 'yaml', 'node:*'],
    ],
    why: 'commands gather and return; they know neither how they are called nor how the report is written',
  },
  probes: {
    mayImport: ['linux', 'policy', 'deadline', 'target', 'version', ...SMALL, 'ping-lite', 'node:*'],
    why: 'probes observe; they know no command and no knowledge base',
  },
  middlebox: {
    mayImport: [...SMALL, 'nearest'],
    why: 'presets are data, session tables are parsed from text: both need no machine',
  },
  stacks: { mayImport: [...SMALL, 'nearest'], why: 'stacks are data and parsers of text: both need no machine' },
  lab: {
    mayImport: ['linux', 'deadline', ...SMALL, 'node:*'],
    why: 'the lab serves commands and tests and knows neither',
  },
  linux: {
    mayImport: ['deadline', ...SMALL, 'koffi', 'node:*'],
    why: 'linux is the lowest layer: nothing below it but the kernel',
  },
  policy: {
    mayImport: ['report', 'units'],
    why: 'policy is pure: facts in, findings out, so that its tests need no network and no clock',
  },
  renderers: {
    mayImport: ['report', 'units', 'chalk', 'cli-table3'],
    why: 'renderers only read the report: what they show must be in it',
  },
  terminal: { mayImport: ['renderers'], why: 'terminal gets stream and environment as arguments' },
  sealed: { mayImport: ['report', 'version'], why: 'sealed only times and wraps' },
  target: { mayImport: ['errors', 'node:*'], why: 'small modules stay small' },
  'config-files': {
    mayImport: ['stacks', 'errors', 'node:*'],
    why: 'it reads the files of configurations for those who parse them, and knows no format',
  },
  concurrently: { mayImport: [], why: 'small modules stay small' },
  deadline: { mayImport: [], why: 'small modules stay small' },
  errors: { mayImport: [], why: 'everything imports errors' },
  nearest: { mayImport: [], why: 'small modules stay small' },
  report: { mayImport: [], why: 'the report is the hinge of the program: everything imports it' },
  units: { mayImport: [], why: 'everything imports units' },
  version: { mayImport: [], why: 'small modules stay small' },
};

/** Packages that cost start-up time, or that not every platform has: loaded where they are needed and not before. */
const DYNAMIC: Record<string, string> = {
  koffi: 'only commands that call the kernel may load it, and where it has no binary the rest must work',
  'ping-lite': 'it is loaded only when something is pinged',
};

interface Ban {
  pattern: RegExp;
  /** Reports whether the ban holds in that file, named by its path below src. */
  holdsIn(path: string): boolean;
  why: string;
}

const BANS: readonly Ban[] = [
  {
    pattern: /\b(Date|performance|setTimeout|setInterval|setImmediate)\b/,
    holdsIn: (path) => path.startsWith('policy/'),
    why: 'policy is told the time: tests move the clock',
  },
  {
    pattern: /\bMath\.random\b/,
    holdsIn: (path) => path.startsWith('policy/'),
    why: 'the same facts must give the same findings',
  },
  {
    pattern: /\bprocess\s*(\.\s*(exit|exitCode|stdout|stderr)\b|\[)|\bconsole\s*\./,
    // The texts of guard and sink are programs of their own, for other processes.
    holdsIn: (path) => !['cli.ts', 'lab/guard.ts', 'lab/sink.ts'].includes(path),
    why: 'only cli.ts prints and sets the exit code: commands return, errors are thrown',
  },
];

interface Import {
  specifier: string;
  isDynamic: boolean;
}

const src = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort();

/** The code without comments that fill whole lines, which is where comments stand here. */
function withoutComments(code: string): string {
  return code.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replace(/^[ \t]*\/\/.*$/gm, '');
}

/** Every import of a file, types included. Relies on the formatter: statements begin in the first column, with single quotes. */
function importsOf(code: string): Import[] {
  const bare = withoutComments(code);
  const fixed = [...bare.matchAll(/^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"`])(.*?)\1/gm)];
  const called = [...bare.matchAll(/\bimport\s*\(\s*(?:(['"])(.*?)\1)?/g)];
  return [
    ...fixed.map(([, , specifier = '']) => ({ specifier, isDynamic: false })),
    ...called.map(([, , specifier = '(an expression)']) => ({ specifier, isDynamic: true })),
  ];
}

/** The row of the table that a path below src belongs to: its folder, or the file's own name. */
function unitOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

/** What the import refers to in the words of the table. */
function nameOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return unitOf(join(path, '..', specifier).replaceAll('\\', '/'));
  if (specifier.startsWith('node:')) return 'node:*';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is wrong in one file, each with the import and the reason of the rule. */
function mistakesIn(path: string, code: string): string[] {
  const row = TABLE[unitOf(path)];
  if (row === undefined) return [`src/${path}: test/architecture.test.ts has no row that says what it may import`];
  const imports = importsOf(code).flatMap(({ specifier, isDynamic }) => {
    const name = nameOf(path, specifier);
    if (name !== unitOf(path) && !row.mayImport.includes(name)) return [`src/${path} imports ${specifier}: ${row.why}`];
    const dynamicOnly = DYNAMIC[name];
    if (dynamicOnly !== undefined && !isDynamic)
      return [`src/${path} imports ${specifier} statically, write import('${name}') where it is used: ${dynamicOnly}`];
    return [];
  });
  const bans = BANS.flatMap(({ pattern, holdsIn, why }) => {
    const found = holdsIn(path) ? pattern.exec(withoutComments(code)) : null;
    return found === null ? [] : [`src/${path} says ${found[0]}: ${why}`];
  });
  return [...imports, ...bans];
}

describe('the source', () => {
  test('is found', () => {
    expect(files).toContain('cli.ts');
    expect(files).toContain('policy/rules/keepalive-off.ts');
    expect(files.length).toBeGreaterThan(100);
  });

  test('imports in one direction, and only cli.ts prints', () => {
    expect(files.flatMap((path) => mistakesIn(path, readFileSync(join(src, path), 'utf8')))).toEqual([]);
  });

  test('has a row for every folder and no row without one', () => {
    const known = new Set(files.map(unitOf));
    expect(Object.keys(TABLE).filter((unit) => !known.has(unit))).toEqual([]);
  });
});

describe('the checker', () => {
  test.each<[path: string, code: string, mistake: string]>([
    ['policy/bad.ts', "import { readFileSync } from 'node:fs';", 'src/policy/bad.ts imports node:fs: policy is pure'],
    [
      'policy/rules/bad.ts',
      "import type { Libc } from '../../linux/libc.ts';",
      'imports ../../linux/libc.ts: policy is',
    ],
    ['policy/bad.ts', "import {\n  type A,\n  b,\n} from '../errors.ts';", 'imports ../errors.ts: policy is pure'],
    [
      'renderers/bad.ts',
      "export { judge } from '../policy/judge.ts';",
      'imports ../policy/judge.ts: renderers only read',
    ],
    [
      'renderers/bad.ts',
      "export type * from '../linux/tcp-info.ts';",
      'imports ../linux/tcp-info.ts: renderers only read',
    ],
    ['renderers/bad.ts', "import * as fs from 'node:fs';", 'imports node:fs: renderers only read'],
    ['linux/bad.ts', "import '../commands/check.ts';", 'imports ../commands/check.ts: linux is the lowest layer'],
    ['linux/bad.ts', "const { x } = await import('../probes/ping.ts');", 'imports ../probes/ping.ts: linux is the'],
    ['probes/bad.ts', 'const x = await import(name);', 'imports (an expression): probes observe'],
    ['probes/bad.ts', "import { check } from '../commands/check.ts';", 'imports ../commands/check.ts: probes observe'],
    ['commands/bad.ts', "import { Chalk } from 'chalk';", 'imports chalk: commands gather'],
    [
      'commands/bad.ts',
      "import { renderers } from '../renderers/index.ts';",
      'imports ../renderers/index.ts: commands',
    ],
    ['commands/bad.ts', "const koffi = await import('koffi');", 'imports koffi: commands gather'],
    ['stacks/bad.ts', "import table from 'cli-table3';", 'imports cli-table3: stacks are'],
    ['middlebox/bad.ts', "import { Command } from 'commander';", 'imports commander: presets are data'],
    ['linux/bad.ts', "import koffi from 'koffi';", "imports koffi statically, write import('koffi') where it is used"],
    ['probes/bad.ts', "import Ping from 'ping-lite';", "imports ping-lite statically, write import('ping-lite')"],
    ['units.ts', "import { Report } from './report.ts';", 'src/units.ts imports ./report.ts: everything imports units'],
    ['new-module.ts', '', 'src/new-module.ts: test/architecture.test.ts has no row'],
    ['new-folder/a.ts', '', 'src/new-folder/a.ts: test/architecture.test.ts has no row'],
    ['policy/bad.ts', 'const now = Date.now();', 'says Date: policy is told the time'],
    ['policy/rules/bad.ts', 'const today = new Date();', 'says Date: policy is told the time'],
    ['policy/bad.ts', 'const t = performance.now(); // why', 'says performance: policy is told the time'],
    ['policy/bad.ts', 'setTimeout(stop, 5);', 'says setTimeout: policy is told the time'],
    ['policy/bad.ts', 'const jitter = Math.random();', 'says Math.random: the same facts'],
    ['commands/bad.ts', 'process.exit(1);', 'says process.exit: only cli.ts'],
    ['commands/bad.ts', 'process.exitCode = 1;', 'says process.exitCode: only cli.ts'],
    ['terminal.ts', 'const { columns } = process.stdout;', 'says process.stdout: only cli.ts'],
    ['probes/bad.ts', 'console.error(1);', 'says console.: only cli.ts'],
  ])('objects in %s to %j', (path, code, mistake) => {
    expect(mistakesIn(path, code)).toEqual([expect.stringContaining(mistake)]);
  });

  test.each<[path: string, code: string]>([
    ['policy/good.ts', "import type { Finding } from '../report.ts';\nimport { judge } from './judge.ts';"],
    [
      'policy/rules/good.ts',
      "import { formatDuration } from '../../units.ts';\nimport type { Rule } from '../facts.ts';",
    ],
    ['linux/good.ts', "let koffi: typeof import('koffi').default;\nkoffi = (await import('koffi')).default;"],
    ['probes/good.ts', "const { default: Ping } = await import('ping-lite');"],
    [
      'policy/good.ts',
      "/**\n * import { x } from '../linux/libc.ts'; Date.now()\n */\n// import('node:fs')\nconst a = 1;",
    ],
    ['commands/good.ts', "import { Option } from 'commander';\nconst load = () => import('./check.ts');"],
    ['cli.ts', 'process.exitCode = 1;'],
    ['probes/good.ts', 'const now = Date.now();'],
  ])('has no objection in %s to %j', (path, code) => {
    expect(mistakesIn(path, code)).toEqual([]);
  });

  test('sees every import of a real file', () => {
    expect(importsOf(readFileSync(join(src, 'linux/libc.ts'), 'utf8'))).toEqual([
      { specifier: 'node:fs', isDynamic: false },
      { specifier: 'node:os', isDynamic: false },
      { specifier: '../errors.ts', isDynamic: false },
      { specifier: 'koffi', isDynamic: true },
      { specifier: 'koffi', isDynamic: true },
    ]);
  });
});
