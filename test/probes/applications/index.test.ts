import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applicationFor, applications } from '../../../src/probes/applications/index.ts';
import { mistakesInMap } from '../../plug-in-map.ts';

const names = Object.keys(applications);
const folder = { folder: 'probes/applications', others: ['application.ts', 'conversation.ts'] };

describe('the map of applications', () => {
  test('holds every protocol’s file, and the reverse', () => {
    expect(mistakesInMap(folder, names)).toEqual([]);
  });

  test('is told the lines to add when one is missing', () => {
    expect(
      mistakesInMap(
        folder,
        names.filter((name) => name !== 'redis'),
      ),
    ).toEqual(["add to src/probes/applications/index.ts: import { redis } from './redis.ts';  redis,"]);
  });

  test.each(names)('has under %s what the file of that name exports', (name) => {
    const read = (file: string): string =>
      readFileSync(new URL(`../../../src/probes/applications/${file}`, import.meta.url), 'utf8');
    expect(read('index.ts')).toContain(`import { ${name} } from './${name}.ts';\n`);
    expect(read(`${name}.ts`)).toContain(`export const ${name}: Application = `);
  });

  test('has no scheme twice', () => {
    const schemes = Object.values(applications).flatMap((application) => application.schemes);
    expect([...new Set(schemes)]).toEqual(schemes);
  });
});

describe('applicationFor', () => {
  test.each([
    ['http', 'http'],
    ['https', 'http'],
    ['redis', 'redis'],
    ['rediss', 'redis'],
    ['postgres', 'postgres'],
    ['postgresql', 'postgres'],
  ] as const)('finds for %s what is written in %s.ts', (scheme, name) => {
    expect(applicationFor(scheme)).toBe(applications[name]);
  });

  test.each(['tcp', 'tls'] as const)('knows none for %s', (scheme) => {
    expect(applicationFor(scheme)).toBeNull();
  });
});
