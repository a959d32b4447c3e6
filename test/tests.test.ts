import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(here, { recursive: true, encoding: 'utf8' });

test('every folder of fixtures says where its files come from', () => {
  const folders = readdirSync(join(here, 'fixtures'));
  expect(folders.filter((folder) => !existsSync(join(here, 'fixtures', folder, 'README.md')))).toEqual([]);
});

test('the test of a rule asserts severity, evidence and remedy: its sentence is held by a script or a text test', () => {
  const ofRules = files.filter((file) => /\/rules\/[^/]+\.test\.ts$/.test(file));
  const quoted = ofRules.filter((file) => /\bmessage:\s*['"`]/.test(readFileSync(join(here, file), 'utf8')));
  expect(ofRules.length).toBeGreaterThan(50);
  expect(quoted).toEqual([]);
});
