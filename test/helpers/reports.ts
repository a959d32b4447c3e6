import { readdirSync } from 'node:fs';
import type { AnyReport } from '../../src/commands/index.ts';

const FOLDER = new URL('../fixtures/reports/', import.meta.url);

/** The reports that every format is tried with, by the name of their file: a new fixture is one new file. */
export const reports: Readonly<Record<string, AnyReport>> = Object.fromEntries(
  await Promise.all(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith('.ts'))
      .map(async (file): Promise<[string, AnyReport]> => {
        const module: { report: AnyReport } = await import(new URL(file, FOLDER).href);
        return [file.slice(0, -'.ts'.length), module.report];
      }),
  ),
);
