import { describe, expect, expectTypeOf, test } from 'vitest';
import { UsageError } from '../src/base/errors.ts';
import * as library from '../src/index.ts';
import { notPlainIn } from './helpers/plain-data.ts';

/** Options as a program in JavaScript may give them: TypeScript would not let them pass. */
const untyped = (options: unknown): never => options as never;

/** Every question with a target that it would take, so that only the options can be wrong. */
const QUESTIONS: Record<string, (options: never) => Promise<unknown>> = {
  chain: (options) => library.chain([{ client: 'requests' }, { app: 'node' }], options),
  check: (options) => library.check('127.0.0.1:1', options),
  http: (options) => library.http('http://127.0.0.1:1/', options),
  measure: (options) => library.measure('127.0.0.1:1', options),
  simulate: (options) => library.simulate(options),
  sockets: (options) => library.sockets(options),
  sysctl: (options) => library.sysctl(options),
  timewait: (options) => library.timewait(options),
};

/** How a question answers options that cannot be meant: message and hint of its UsageError. */
async function complaint(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'none';
  } catch (error) {
    return error instanceof UsageError
      ? `${error.message}${error.hint === null ? '' : ` (${error.hint})`}`
      : `${error}`;
  }
}

describe('every question of the library', () => {
  test('refuses an option that it does not know, and a wrong one that all know', async () => {
    const mistakes: [options: unknown, message: RegExp][] = [
      [{ failon: 'error' }, /^\w+ has no option 'failon' \(did you mean failOn\?\)$/],
      [{ failOn: 'warn' }, /^failOn must be one of info, warning, error, not 'warn' \(did you mean warning\?\)$/],
      [{ signal: 'SIGINT' }, /^signal must be an AbortSignal, not 'SIGINT'$/],
      [null, /^\w+ must be an object, not null$/],
      ['x', /^\w+ must be an object, not 'x'$/],
      [['x'], /^\w+ must be an object, not a list$/],
    ];
    for (const [name, ask] of Object.entries(QUESTIONS)) {
      for (const [options, message] of mistakes) {
        expect(await complaint(ask(untyped(options))), `${name} ${JSON.stringify(options)}`).toMatch(message);
      }
    }
  });
});

test('an option of a wrong type, unit or range is a UsageError that names it', async () => {
  const mistakes: [question: keyof typeof QUESTIONS, options: unknown, message: string][] = [
    ['check', { timeoutMs: '30s' }, "timeoutMs must be a number of milliseconds, not '30s' (from 1 to 3600000)"],
    ['check', { timeoutMs: 0 }, 'timeoutMs 0 is out of range (from 1 to 3600000)'],
    ['check', { timeoutMs: Number.NaN }, 'timeoutMs NaN is out of range (from 1 to 3600000)'],
    ['check', { timeout: 30 }, "check has no option 'timeout' (did you mean timeoutMs?)"],
    [
      'check',
      { keepalive: { idleMs: 1500 } },
      'idleMs 1500 is out of range (from 1000 to 31622400000 in steps of 1000)',
    ],
    ['check', { keepalive: { idle: 1000 } }, "keepalive has no option 'idle' (did you mean idleMs?)"],
    ['check', { family: '4' }, "family must be one of 4, 6, not '4'"],
    ['check', { ping: 1 }, 'ping must be true or false, not 1'],
    ['check', { middleboxes: 'aws-alb' }, "middleboxes must be a list, not 'aws-alb'"],
    ['check', { middleboxes: [{ idleTimeoutMs: 1 }] }, 'idleTimeoutMs 1 is out of range (from 1000 to 31622400000)'],
    ['check', { middleboxes: [{}] }, 'middleboxes[0] must be the id of a preset, or { idleTimeoutMs }, not an object'],
    ['check', { middleboxes: [7] }, 'middleboxes[0] must be an object, not 7'],
    ['measure', { minMs: 1 }, 'minMs 1 is out of range (from 2000 to 1209600000)'],
    ['measure', { resolution: { share: 1 } }, 'share 1 is out of range (from 0 to 0.99)'],
    ['measure', { resolution: { floorMs: 1 } }, 'floorMs 1 is out of range (from 200 to 86400000)'],
    ['measure', { warmup: 'smtp' }, "warmup must be one of http, postgres, redis, none, not 'smtp'"],
    ['simulate', { keepalive: { count: 128 } }, 'count 128 is out of range (from 1 to 127)'],
    ['simulate', { retries2: '15' }, "retries2 must be a number, not '15' (from 0 to 255)"],
    ['sysctl', { pid: 0 }, 'pid 0 is out of range (from 1 to 4194304)'],
    ['sysctl', { recommend: 'yes' }, "recommend must be true or false, not 'yes'"],
    [
      'sockets',
      { states: ['estab'] },
      "states[0] must be one of established, syn-sent, syn-received, fin-wait-1, fin-wait-2, time-wait, closed, close-wait, last-ack, listen, closing, new-syn-received, bound-inactive, not 'estab' (did you mean established?)",
    ],
    ['sockets', { pids: [0] }, 'pids[0] 0 is out of range (from 1 to 4194304)'],
    ['sockets', { limits: 1 }, "sockets has no option 'limits' (did you mean limit?)"],
    ['timewait', { ports: ['http'] }, "ports[0] must be a number, not 'http' (from 1 to 65535)"],
    ['timewait', { watchMs: 1 }, 'watchMs 1 is out of range (from 1000 to 3600000)'],
    ['http', { headers: { Host: 'a' } }, 'headers must be a list, not an object'],
    [
      'http',
      { clientIdleMs: 'never' },
      "clientIdleMs must be a number of milliseconds, not 'never' (from 1000 to 31622400000)",
    ],
    ['chain', { marginMs: -1 }, 'marginMs -1 is out of range (from 0 to 3600000)'],
  ];
  for (const [question, options, message] of mistakes) {
    const ask = QUESTIONS[question];
    expect(ask === undefined ? 'no such question' : await complaint(ask(untyped(options)))).toBe(message);
  }
});

test('targets, words and hops that cannot be meant are refused too', async () => {
  expect(await complaint(library.check([]))).toBe('no target given');
  expect(await complaint(library.check(untyped([1])))).toBe('targets[0] must be a text, not 1');
  expect(await complaint(library.check(untyped(undefined)))).toBe('targets must be a list, not undefined');
  expect(await complaint(library.measure(untyped(5432)))).toBe('target must be a text, not 5432');
  expect(await complaint(library.http('ftp://h'))).toContain("target 'ftp://h' is no http or https URL");
  expect(await complaint(library.middleboxes(untyped(7)))).toBe('words must be a list, not 7');
  expect(await complaint(library.chain(untyped([{}])))).toBe(
    'a hop must have one of client, proxy, app, middlebox, hop',
  );
  expect(await complaint(library.chain(untyped([{ server: 'x' }])))).toContain("hop has no option 'server'");
});

describe('a report of the library', () => {
  test('is plain data, as on the command line', async () => {
    const report = await library.simulate({ keepalive: { idleMs: 5000, intervalMs: 3000, count: 3 }, failOn: 'info' });
    expectTypeOf(report).toEqualTypeOf<library.ReportOf<'simulate'>>();
    expect(notPlainIn(report)).toEqual([]);
    expect(report).toMatchObject({
      command: 'simulate',
      data: { keepalive: { idleMs: 5000, count: 3 }, retries2: 15 },
    });
  });

  test('lists sockets in full, as plain data', async () => {
    const report = await library.sockets({ owners: false, loopback: true });
    expect(notPlainIn(report)).toEqual([]);
    expect(Array.isArray(report.data.sockets)).toBe(true);
    expect(report.data.sockets).toHaveLength(report.data.summary.sockets);
    expect((await library.sockets({ owners: false, limit: 0 })).data.sockets).toEqual([]);
  });

  test('has what the options ask for', async () => {
    const { data } = await library.sysctl({ middleboxes: ['juniper-srx-tcp'], recommend: true });
    expect(data.recommended?.length).toBeGreaterThan(0);
    expect(data.middleboxes).toMatchObject([{ kind: 'preset', id: 'juniper-srx-tcp' }]);
    const found = await library.middleboxes('juniper srx');
    expect(found.data.presets.map(({ id }) => id)).toContain('juniper-srx-tcp');
    const chain = await library.chain([{ client: 'requests' }, { middlebox: '350s' }, { app: 'node' }]);
    expect(chain.data.chains[0]?.hops.map(({ role }) => role)).toEqual(['client', 'middlebox', 'app']);
  });
});
