import { describe, expect, test } from 'vitest';
import { applicationFor } from '../../../src/connections/applications/for-scheme.ts';
import { applications } from '../../../src/connections/applications/registry.generated.ts';

describe('the map of applications', () => {
  test('has no scheme twice', () => {
    const schemes = Object.values(applications).flatMap(({ schemes }) => Object.keys(schemes));
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
