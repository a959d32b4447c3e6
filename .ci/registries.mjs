// Writes the lists of plug-ins: in each folder of them a `registry.generated.ts`, which git does not keep. So a new plug-in is one new file.
// The build, the test runner and the type check call it first; it only writes what has changed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const REGISTRY = 'registry.generated.ts';
const HEAD = '// Written by .ci/registries.mjs: do not edit.\n';

/** The plug-ins of a folder: every file that exports `exported`. Others (contracts, helpers) may stand beside them. */
function plugInsOf(folder, exported) {
  const declares = new RegExp(`^export const ${exported}\\b`, 'm');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts') && !file.endsWith('.d.ts'))
    .filter((file) => declares.test(readFileSync(join(folder, file), 'utf8')))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

const variableOf = (id) => id.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
const keyOf = (id) => (/^[a-z][a-z0-9]*$/.test(id) ? id : `'${id}'`);

/** A map from file name to plug-in, all of them loaded at once. `contract`: the type of each, and the file that declares it. */
function mapOf(folder, exported, name, [type, file], entryOf = (_, variable) => variable) {
  const ids = plugInsOf(folder, exported);
  const imports = ids.map((id) => `import { ${exported} as ${variableOf(id)} } from './${id}.ts';\n`);
  const entries = ids.map((id) => `  ${keyOf(id)}: ${entryOf(id, variableOf(id))},\n`);
  return `${HEAD}import type { ${type} } from '${file}';\n${imports.join('')}\nexport const ${name}: Readonly<Record<string, ${type}>> = {\n${entries.join('')}};\n`;
}

/** The same, where the file name is also each plug-in's id. */
const mapWithIdsOf = (folder, exported, name, contract) =>
  mapOf(folder, exported, name, contract, (id, variable) => `{ id: '${id}', ...${variable} }`);

/** A map from file name to a function that loads the plug-in, and to its summary, which the help has without loading it. */
function lazyMapOf(folder, exported, name) {
  const entries = plugInsOf(folder, exported).map((id) => {
    const [, summary] = /^ {2}summary: (.+),$/m.exec(readFileSync(join(folder, `${id}.ts`), 'utf8')) ?? [];
    if (summary === undefined) throw new Error(`${join(folder, id)}.ts has no summary in a line of its own`);
    return `  ${keyOf(id)}: { summary: ${summary}, load: async () => (await import('./${id}.ts')).${exported} },\n`;
  });
  return `${HEAD}export const ${name} = {\n${entries.join('')}};\n`;
}

/** The rules of one folder, in a list. */
function rulesOf(folder) {
  const ids = plugInsOf(folder, 'rule');
  const imports = ids.map((id) => `import { rule as ${variableOf(id)} } from './${id}.ts';\n`);
  return `${HEAD}${imports.join('')}\nexport const rules = [\n${ids.map((id) => `  ${variableOf(id)},\n`).join('')}];\n`;
}

/** For every rule of the program a function that loads the folder it stands in. */
function catalogueOf(src, folders) {
  const loaders = folders.map((folder) => {
    const room = basename(dirname(folder));
    return `const ${variableOf(room)} = async () => (await import('./${relative(src, folder)}/${REGISTRY}')).rules;\n`;
  });
  const entries = folders.flatMap((folder) =>
    plugInsOf(folder, 'rule').map((id) => `  '${id}': ${variableOf(basename(dirname(folder)))},\n`),
  );
  return `${HEAD}${loaders.join('')}\nexport const ruleFolders = {\n${entries.sort().join('')}};\n`;
}

/** Every registry of a source tree: its path and its text. */
function registriesOf(src) {
  const ruleFolders = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name === 'rules')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const maps = [
    ['knowledge/middleboxes', mapWithIdsOf, 'preset', 'presets', ['MiddleboxPreset', '../preset.ts']],
    ['knowledge/stacks', mapWithIdsOf, 'stack', 'stacks', ['Stack', '../stack.ts']],
    ['connections/applications', mapOf, 'application', 'applications', ['Application', './application.ts']],
    ['output/formats', lazyMapOf, 'format', 'formats'],
  ].filter(([folder]) => existsSync(join(src, folder)));
  return [
    ...maps.map(([folder, make, ...names]) => [join(src, folder, REGISTRY), make(join(src, folder), ...names)]),
    ...ruleFolders.map((folder) => [join(folder, REGISTRY), rulesOf(folder)]),
    [join(src, 'rules.generated.ts'), catalogueOf(src, ruleFolders)],
  ];
}

export function writeRegistries(src = fileURLToPath(new URL('../src/', import.meta.url))) {
  for (const [path, text] of registriesOf(src)) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeRegistries();
