import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { diskFiles } from '../../../src/config-files.ts';
import { readCommandLine } from '../../../src/stacks/gunicorn/command-line.ts';
import { type GunicornSettings, readGunicorn } from '../../../src/stacks/gunicorn/read-gunicorn.ts';
import { findServer } from '../../real-servers.ts';
import { describeFixture, fixtures, readFixture } from './fixtures.ts';

const gunicorn = findServer('gunicorn');
const folder = mkdtempSync(join(tmpdir(), 'kaprobe-gunicorn-'));
writeFileSync(join(folder, 'app.py'), 'def app(environ, start_response):\n    return []\n');
afterAll(() => rmSync(folder, { recursive: true }));

/** The settings that gunicorn itself comes to, as it prints them; null when it refuses to start. It runs the file: ours. */
async function gunicornSays(
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<Map<string, string> | null> {
  const { PATH = '' } = process.env;
  const argv = ['--check-config', '--print-config', ...words, 'app:app'];
  const options = { cwd: folder, env: { PATH, ...environment }, timeout: 60_000 };
  const stdout = await promisify(execFile)(gunicorn ?? '', argv, options).then(
    (ended) => ended.stdout,
    (error: { code?: unknown }) => {
      // An exit code is its refusal; without one it could not be asked.
      if (typeof error.code !== 'number') throw error;
      return null;
    },
  );
  if (stdout === null) return null;
  return new Map([...stdout.matchAll(/^(\w+) += (.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** As Python prints it, which is enough for numbers, plain texts and lists of them. */
function inPython(value: number | string | string[]): string {
  return Array.isArray(value) ? `[${value.map((text) => `'${text}'`).join(', ')}]` : String(value);
}

/** The settings that the reader knows, as Python prints them. */
function known(settings: GunicornSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => ('value' in value ? [[name, inPython(value.value)]] : [])),
  );
}

describe.skipIf(gunicorn === null)('gunicorn itself', { concurrent: true }, () => {
  test.each(fixtures)(
    'comes to the values of $name that the reader knows, and refuses what it refuses',
    async ({ name, path }) => {
      cpSync(path, join(folder, `${name}.conf.py`));
      const said = await gunicornSays(['-c', `${name}.conf.py`]);
      if (describeFixture(path).startsWith('error ')) {
        expect(said).toBeNull();
        return;
      }
      const ours = known(readFixture(path).settings);
      expect(Object.fromEntries(Object.keys(ours).map((setting) => [setting, said?.get(setting)]))).toEqual(ours);
    },
  );

  test.each<[title: string, words: string[]]>([
    ['long options', ['--keep-alive', '75', '--worker-class', 'gthread', '--threads', '4', '--workers', '2']],
    ['equals signs', ['--keep-alive=75', '--max-requests=1000', '--max-requests-jitter=50', '--graceful-timeout=9']],
    ['short options', ['-w4', '-k', 'sync', '-t', '90', '-b', '127.0.0.1:1', '-b', '127.0.0.1:2']],
    ['short options with an equals sign', ['-w=4', '-t=5']],
    ['switches and short options in one', ['-Rw', '3', '--reload']],
    ['the beginning of an option', ['--keep', '7', '--max-requests-j', '8', '--worker-con', '9']],
    ['an option twice', ['--keep-alive', '75', '--keep-alive', '5']],
    ['numbers as Python takes them', ['--keep-alive', ' 7_5 ', '--timeout', '010', '--threads', '+2']],
    ['options that are not read', ['--log-level', 'debug', '-e', 'timeout=5', '--name=-t', '--keep-alive', '3']],
    ['an application before the options', ['--keep-alive', '4', '--timeout', '6']],
  ])('takes %s as the reader does', async (_, words) => {
    const said = await gunicornSays(words);
    const ours = known(readGunicorn({ configPath: null, words, environmentWords: null }, diskFiles()).settings);
    expect(said).not.toBeNull();
    expect(Object.fromEntries(Object.keys(ours).map((setting) => [setting, said?.get(setting)]))).toEqual(ours);
  });

  test.each<[words: string[]]>([
    [['--keep-alive', 'soon']],
    [['--keep-alive', '7.5']],
    [['--keep-alive=-1']],
    [['--keep-alive']],
    [['--threads', '--reload']],
    [['-w']],
    [['-wx']],
  ])('refuses %j as the reader does', async (words) => {
    expect(await gunicornSays(words)).toBeNull();
    expect(() => readCommandLine(words)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('puts the command line before GUNICORN_CMD_ARGS, and that before the file', async () => {
    writeFileSync(join(folder, 'order.py'), 'keepalive = 1\ntimeout = 2\nthreads = 3\nworkers = int("4")\n');
    const environmentWords = "--timeout 20 --threads '30' -w 40";
    const words = ['-c', 'order.py', '--threads', '300'];
    const said = await gunicornSays(words, { GUNICORN_CMD_ARGS: environmentWords });
    const start = { configPath: join(folder, 'order.py'), words, environmentWords };
    const ours = known(readGunicorn(start, diskFiles()).settings);
    expect(ours).toMatchObject({ keepalive: '1', timeout: '20', threads: '300', workers: '40' });
    expect(Object.fromEntries(Object.keys(ours).map((setting) => [setting, said?.get(setting)]))).toEqual(ours);
  });
});
