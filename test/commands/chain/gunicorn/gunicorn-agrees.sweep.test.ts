import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';
import { readCommandLine } from '../../../../src/commands/chain/gunicorn/command-line.ts';
import { type GunicornSettings, readGunicorn } from '../../../../src/commands/chain/gunicorn/read-gunicorn.ts';
import { findServer } from '../../../real-servers.ts';
import { describeFixture, fixtures, readFixture } from './fixtures.ts';

const gunicorn = findServer('gunicorn');
const folder = mkdtempSync(join(tmpdir(), 'kaprobe-gunicorn-'));
writeFileSync(join(folder, 'app.py'), 'def app(environ, start_response):\n    return []\n');
afterAll(() => rmSync(folder, { recursive: true }));

/** What gunicorn is to be asked: words of its command line, and GUNICORN_CMD_ARGS. */
interface Question {
  words: readonly string[];
  environmentWords?: string;
}

/**
 * gunicorn's configuration is Python, so that it can run gunicorn's own main for each question, in a fork of its own: to start and to load
 * gunicorn anew each time would take longer than all the rest.
 */
const ASK_ALL = `
import json, os, signal, sys
from gunicorn.app.wsgiapp import run

def exit_status(question):
    sys.argv = ['gunicorn', '--check-config', '--print-config', *question['words'], 'app:app']
    if 'environmentWords' in question:
        os.environ['GUNICORN_CMD_ARGS'] = question['environmentWords']
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        return 1
    return 0

def answer(question):
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        os.dup2(writable, 1)
        status = exit_status(question)
        sys.stdout.flush()
        os._exit(status)
    os.close(writable)
    with open(readable) as pipe:
        printed = pipe.read()
    _, wait_status = os.waitpid(pid, 0)
    return {'exitCode': os.WEXITSTATUS(wait_status) if os.WIFEXITED(wait_status) else None, 'printed': printed}

with open('questions.json') as questions:
    print(json.dumps([answer(question) for question in json.load(questions)]), flush=True)
os._exit(0)
`;

/** The settings that gunicorn itself comes to, as it prints them, by the words that it was asked with; null when it refuses to start. */
type Answers = Map<readonly string[], Map<string, string> | null>;

/** Asks all questions at once. It runs the files: ours. */
async function gunicornSays(questions: readonly Question[]): Promise<Answers> {
  writeFileSync(join(folder, 'questions.json'), JSON.stringify(questions));
  writeFileSync(join(folder, 'ask_all.py'), ASK_ALL);
  const { GUNICORN_CMD_ARGS, ...env } = process.env;
  const options = { cwd: folder, env, timeout: 100_000 };
  const { stdout } = await promisify(execFile)(gunicorn ?? '', ['--check-config', '-c', 'ask_all.py'], options);
  const ended: { exitCode: number | null; printed: string }[] = JSON.parse(stdout);
  return new Map(
    questions.map(({ words }, index) => {
      const { exitCode = null, printed = '' } = ended[index] ?? {};
      // An exit code is its refusal; without one it could not be asked.
      if (exitCode === null) throw new Error(`gunicorn did not end by itself for ${JSON.stringify(words)}`);
      const lines = [...printed.matchAll(/^(\w+) += (.*)$/gm)];
      return [words, exitCode === 0 ? new Map(lines.map(([, name = '', value = '']) => [name, value])) : null];
    }),
  );
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

const TAKEN: readonly [title: string, words: string[]][] = [
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
];
const REFUSED: readonly string[][] = [
  ['--keep-alive', 'soon'],
  ['--keep-alive', '7.5'],
  ['--keep-alive=-1'],
  ['--keep-alive'],
  ['--threads', '--reload'],
  ['-w'],
  ['-wx'],
];
const ORDER = {
  file: 'keepalive = 1\ntimeout = 2\nthreads = 3\nworkers = int("4")\n',
  words: ['-c', 'order.py', '--threads', '300'],
  environmentWords: "--timeout 20 --threads '30' -w 40",
};

describe.skipIf(gunicorn === null)('gunicorn itself (asks for gunicorn)', () => {
  let answers: Answers = new Map();
  const wordsOf = new Map(fixtures.map(({ name }) => [name, ['-c', `${name}.conf.py`]]));
  beforeAll(async () => {
    for (const { name, path } of fixtures) cpSync(path, join(folder, `${name}.conf.py`));
    writeFileSync(join(folder, 'order.py'), ORDER.file);
    const questions: Question[] = [...wordsOf.values(), ...TAKEN.map(([, words]) => words), ...REFUSED].map(
      (words) => ({ words }),
    );
    questions.push(ORDER);
    answers = await gunicornSays(questions);
  });

  /** What gunicorn said to one of the questions. */
  function saidTo(words: readonly string[] | undefined): Map<string, string> | null {
    const said = words === undefined ? undefined : answers.get(words);
    if (said === undefined) throw new Error('that was not asked');
    return said;
  }

  test.each(fixtures)(
    'comes to the values of $name that the reader knows, and refuses what it refuses',
    ({ name, path }) => {
      const said = saidTo(wordsOf.get(name));
      if (describeFixture(path).startsWith('error ')) {
        expect(said).toBeNull();
        return;
      }
      const ours = known(readFixture(path).settings);
      expect(Object.fromEntries(Object.keys(ours).map((setting) => [setting, said?.get(setting)]))).toEqual(ours);
    },
  );

  test.each(TAKEN)('takes %s as the reader does', (_, words) => {
    const said = saidTo(words);
    const ours = known(readGunicorn({ configPath: null, words, environmentWords: null }, diskFiles()).settings);
    expect(said).not.toBeNull();
    expect(Object.fromEntries(Object.keys(ours).map((setting) => [setting, said?.get(setting)]))).toEqual(ours);
  });

  test.each(REFUSED.map((words) => [words]))('refuses %j as the reader does', (words) => {
    expect(saidTo(words)).toBeNull();
    expect(() => readCommandLine(words)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('puts the command line before GUNICORN_CMD_ARGS, and that before the file', () => {
    const said = saidTo(ORDER.words);
    const { words, environmentWords } = ORDER;
    const start = { configPath: join(folder, 'order.py'), words, environmentWords };
    const ours = known(readGunicorn(start, diskFiles()).settings);
    expect(ours).toMatchObject({ keepalive: '1', timeout: '20', threads: '300', workers: '40' });
    expect(Object.fromEntries(Object.keys(ours).map((setting) => [setting, said?.get(setting)]))).toEqual(ours);
  });
});
