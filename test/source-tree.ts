import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Import {
  specifier: string;
  isDynamic: boolean;
}

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** Every source file by its path below src, with its text; generated ones too. */
export const sources: ReadonlyMap<string, string> = new Map(
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => [path, readFileSync(join(src, path), 'utf8')]),
);

/** The code without comments that fill whole lines, which is where comments stand here. */
export function withoutComments(code: string): string {
  return code.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, '').replace(/^[ \t]*\/\/.*$/gm, '');
}

/** Every import of a file, types included. Relies on the formatter: statements begin in the first column, with single quotes. */
export function importsOf(code: string): Import[] {
  const bare = withoutComments(code);
  const fixed = [...bare.matchAll(/^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"`])(.*?)\1/gm)];
  const called = [...bare.matchAll(/\bimport\s*\(\s*(?:(['"])(.*?)\1)?/g)];
  return [
    ...fixed.map(([, , specifier = '']) => ({ specifier, isDynamic: false })),
    ...called.map(([, , specifier = '(an expression)']) => ({ specifier, isDynamic: true })),
  ];
}

/** The path below src that a relative specifier in a file refers to. */
export function pathOf(file: string, specifier: string): string {
  return join(file, '..', specifier).replaceAll('\\', '/');
}
