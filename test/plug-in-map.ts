import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A folder of plug-ins: one file each, and a map from file name to what the file exports. */
interface PlugInFolder {
  /** Below src. */
  folder: string;
  /** The name under which each file exports its plug-in; left out: the file's own name, in camel case. */
  exported?: string;
  /** Files that hold no plug-in, besides index.ts. */
  others?: readonly string[];
}

/** Returns what is wrong in the folder's index.ts, each with the lines to write there; empty when every file is in the map and the reverse. */
export function mistakesInMap({ folder, exported, others = [] }: PlugInFolder, keys: readonly string[]): string[] {
  const files = readdirSync(fileURLToPath(new URL(`../src/${folder}`, import.meta.url)))
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts' && !others.includes(file))
    .map((file) => file.slice(0, -'.ts'.length));
  const missing = files.filter((id) => !keys.includes(id));
  const superfluous = keys.filter((id) => !files.includes(id));
  return [
    ...missing.map((id) => `add to src/${folder}/index.ts: ${importLine(id, exported)}  ${entryLine(id)}`),
    ...superfluous.map((id) => `remove from src/${folder}/index.ts: ${entryLine(id)}  (there is no ${id}.ts)`),
  ];
}

const variable = (id: string): string => id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const importLine = (id: string, exported: string = variable(id)): string =>
  `import { ${exported}${variable(id) === exported ? '' : ` as ${variable(id)}`} } from './${id}.ts';`;

const entryLine = (id: string): string => (variable(id) === id ? `${id},` : `'${id}': ${variable(id)},`);
