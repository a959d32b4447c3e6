import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EventDraft, watchConnections } from '../../../src/commands/watch/decide-events.ts';
import { type OwnSource, watchOwn } from '../../../src/commands/watch/watch-own.ts';
import type { Resolution } from '../../../src/connections/resolve.ts';
import { parseTarget } from '../../../src/connections/target.ts';
import { loadLibc } from '../../../src/linux/libc.ts';

/** On all addresses of loopback, of which Linux has many. */
let server: Server;
let taken: Socket[] = [];
let port = 0;
let source: OwnSource | null = null;
const abort = new AbortController();

beforeEach(async () => {
  taken = [];
  server = createServer((socket) => {
    socket.on('error', () => {});
    taken.push(socket);
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  port = address.port;
});
afterEach(() => {
  source?.close();
  for (const socket of taken) socket.destroy();
  server.close();
});

/** Watches a name that has these addresses (or this error) at one look-up after another, and tells what each step tells. */
async function watchName(answers: (string[] | string)[]): Promise<() => Promise<EventDraft[]>> {
  let at = 0;
  const lookUp = async (): Promise<Resolution> => {
    const answer = answers[Math.min(at, answers.length - 1)] ?? [];
    at += 1;
    return typeof answer === 'string' ? { kind: 'unresolved', error: answer } : { kind: 'resolved', addresses: answer };
  };
  const own = watchOwn(
    {
      ...{ target: parseTarget(`db.example:${port}`), connections: 1, reconnect: true, resolveEveryMs: 0 },
      keepalive: { enabled: true, idleMs: 15_000, intervalMs: 5000, count: 9, userTimeoutMs: null },
      ...{ libc: await loadLibc(), signal: abort.signal },
    },
    lookUp,
  );
  source = own;
  const watched = watchConnections({ quietMs: 60_000, unansweredUntilStalled: 3, wereThere: false });
  let atMs = 0;
  return async () => {
    atMs += 500;
    const events = await own.step(watched, atMs);
    // The step's look-up is answered at once, and told by the next one.
    await new Promise((resolve) => setImmediate(resolve));
    return events;
  };
}

async function tellings(answers: (string[] | string)[], steps: number): Promise<[string, EventDraft['evidence']][]> {
  const step = await watchName(answers);
  const told: EventDraft[] = [];
  for (let count = 0; count < steps; count += 1) told.push(...(await step()));
  return told.map(({ event, evidence }) => [event, evidence]);
}

const moved = (resolvesTo: string[]) => ['rotated', { name: 'db.example', connectedTo: ['127.0.0.1'], resolvesTo }];

test('a name that no longer has the address in use is told once', async () => {
  expect(await tellings([['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']], 6)).toEqual([
    ['established', {}],
    moved(['127.0.0.2']),
  ]);
});

test('a name that gets back its address and loses it again is told again', async () => {
  expect(await tellings([['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1'], ['127.0.0.2', '127.0.0.3']], 8)).toEqual([
    ['established', {}],
    moved(['127.0.0.2']),
    moved(['127.0.0.2', '127.0.0.3']),
  ]);
});

test.each<[what: string, answers: (string[] | string)[]]>([
  ['more addresses beside the one in use', [['127.0.0.1'], ['127.0.0.2', '127.0.0.1']]],
  [
    'another order',
    [
      ['127.0.0.1', '127.0.0.2'],
      ['127.0.0.2', '127.0.0.1'],
    ],
  ],
  ['no answer for a while', [['127.0.0.1'], 'EAI_AGAIN', ['127.0.0.1']]],
  ['less addresses that were not in use', [['127.0.0.1', '127.0.0.2'], ['127.0.0.1']]],
])('a name with %s has not rotated', async (_, answers) => {
  expect(await tellings(answers, 6)).toEqual([['established', {}]]);
});

test('a name that cannot be looked up at first is told, and connected to when it can', async () => {
  const step = await watchName(['EAI_AGAIN', ['127.0.0.2']]);
  const told: EventDraft[] = [];
  while (!told.some(({ event }) => event === 'established')) told.push(...(await step()));
  expect(told).toMatchObject([
    { event: 'not-connected', evidence: { error: 'could not look up db.example (EAI_AGAIN)' } },
    { event: 'established', connection: { remote: `127.0.0.2:${port}` } },
  ]);
});
