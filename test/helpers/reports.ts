import type { AnyReport } from '../../src/commands/index.ts';

const modules = import.meta.glob<AnyReport>('../fixtures/reports/*.ts', { eager: true, import: 'report' });

/** The reports that every format is tried with, by the name of their file: a new fixture is one new file. */
export const reports: Readonly<Record<string, AnyReport>> = Object.fromEntries(
  Object.entries(modules).map(([path, report]) => [path.replace(/^.*\/(.*)\.ts$/, '$1'), report]),
);
