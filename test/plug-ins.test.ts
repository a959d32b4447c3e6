import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commands } from '../src/commands/index.ts';
import { rules } from '../src/policy/rules/index.ts';
import { renderers } from '../src/renderers/index.ts';
import { VERSION } from '../src/version.ts';
import { mistakesInMap } from './plug-in-map.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

/** The names of a folder's files, less index.ts and those that hold no plug-in. */
function plugInFiles(folder: string, others: readonly string[] = []): string[] {
  return readdirSync(fileURLToPath(new URL(`../src/${folder}`, import.meta.url)))
    .filter((file) => file.endsWith('.ts') && !['index.ts', ...others].includes(file))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

const camelCase = (id: string): string => id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Files that the map lacks and entries that no file stands behind, each with the line to add or to remove. */
function mistakes(index: string, files: readonly string[], keys: readonly string[], lineOf: (id: string) => string) {
  return [
    ...files.filter((id) => !keys.includes(id)).map((id) => `add to ${index}: ${lineOf(id)}`),
    ...keys.filter((id) => !files.includes(id)).map((id) => `remove from ${index}: ${lineOf(id)}`),
  ];
}

describe('the map of rules', () => {
  const ids = Object.keys(rules);

  test('holds every rule file, and the reverse', () => {
    expect(mistakesInMap({ folder: 'policy/rules' }, ids)).toEqual([]);
  });

  test('is told the lines to add when a rule is missing', () => {
    const allButOne = ids.filter((id) => id !== 'keepalive-off');
    expect(mistakesInMap({ folder: 'policy/rules' }, allButOne)).toEqual([
      "add to src/policy/rules/index.ts: import { keepaliveOff } from './keepalive-off.ts';  'keepalive-off': keepaliveOff,",
    ]);
  });

  test.each(ids)('has under %s what the file of that name exports', (id) => {
    const index = read('src/policy/rules/index.ts');
    expect(index).toContain(`import { ${camelCase(id)} } from './${id}.ts';\n`);
    expect(index).toContain(`  '${id}': ${camelCase(id)},\n`);
    expect(read(`src/policy/rules/${id}.ts`)).toContain(`export const ${camelCase(id)}: Rule = `);
  });

  test('holds no rule without a test file of its own', () => {
    const tested = readdirSync(fileURLToPath(new URL('policy/rules', import.meta.url)));
    const untested = ids.filter((id) => !tested.includes(`${id}.test.ts`));
    expect(untested.map((id) => `write test/policy/rules/${id}.test.ts`)).toEqual([]);
  });
});

describe('the map of commands', () => {
  const files = plugInFiles('commands', ['options.ts', 'socket-selection.ts']);
  const lineOf = (id: string): string =>
    `${camelCase(id)}: { summary: '...', load: async () => (await import('./${id}.ts')).${camelCase(id)} },`;

  test('holds every command file, and the reverse', () => {
    expect(mistakes('src/commands/index.ts', files, Object.keys(commands), lineOf)).toEqual([]);
  });

  test('is told the line to add when a command is missing', () => {
    expect(mistakes('src/commands/index.ts', ['check', 'sysctl'], ['check'], lineOf)).toEqual([
      "add to src/commands/index.ts: sysctl: { summary: '...', load: async () => (await import('./sysctl.ts')).sysctl },",
    ]);
  });

  test.each(Object.entries(commands))('loads %s from the file of that name', async (id, { load }) => {
    expect(read('src/commands/index.ts')).toContain(`(await import('./${id}.ts')).${camelCase(id)},\n`);
    expect(await load()).toMatchObject({ declare: expect.any(Function), run: expect.any(Function) });
  });

  test.each(Object.entries(commands))('says of %s in one line what it answers', (_, { summary }) => {
    expect(summary).toMatch(/^[a-z].*[^.]$/);
  });
});

describe('the map of renderers', () => {
  const files = plugInFiles('renderers', ['printable.ts', 'events.ts']);
  const pascalCase = (id: string): string => camelCase(`-${id}`);
  const lineOf = (id: string): string =>
    `${/-/.test(id) ? `'${id}'` : id}: async () => (await import('./${id}.ts')).render${pascalCase(id)},`;

  test('holds every renderer file, and the reverse', () => {
    expect(mistakes('src/renderers/index.ts', files, Object.keys(renderers), lineOf)).toEqual([]);
  });

  test('is told the line to add when a renderer is missing', () => {
    expect(mistakes('src/renderers/index.ts', ['json', 'junit-xml'], ['json'], lineOf)).toEqual([
      "add to src/renderers/index.ts: 'junit-xml': async () => (await import('./junit-xml.ts')).renderJunitXml,",
    ]);
  });

  test.each(Object.entries(renderers))('loads %s from the file of that name', async (id, load) => {
    expect(read('src/renderers/index.ts')).toContain(`  ${lineOf(id)}\n`);
    expect(await load()).toBeTypeOf('function');
  });

  // cli.ts runs when it is imported, and must not load the renderers just to name them.
  test('has the formats that cli.ts offers, in the same order', () => {
    const [, list] = /^(?:export )?const FORMATS = \[(.*?)\]/m.exec(read('src/cli.ts')) ?? [];
    expect(list?.split(', ')).toEqual(Object.keys(renderers).map((id) => `'${id}'`));
  });
});

test('the version in src/version.ts is that of package.json', () => {
  expect(JSON.parse(read('package.json'))).toMatchObject({ name: 'kaprobe', version: VERSION });
});
