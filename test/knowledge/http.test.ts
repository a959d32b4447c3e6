import { describe, expect, test } from 'vitest';
import { findHttpStack, httpStackNames, stackOfServer } from '../../src/knowledge/find-stack.ts';
import { clientSideOf, serverSideOf } from '../../src/knowledge/sides.ts';
import { type HttpSwitches, secondsDown, secondsUp } from '../../src/knowledge/stack.ts';
import { stacks } from '../../src/knowledge/stacks/registry.generated.ts';
import { complaintsOfPython } from '../python.ts';

const withHttp = Object.values(stacks).flatMap(({ id, http }) => (http === undefined ? [] : [{ id, http }]));
const values = { enabled: true, idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0 };

/** Every line that a stack can write. */
function linesOf(write: HttpSwitches): string[] {
  return [
    write.idleClose?.(62_500, 'file'),
    write.idleClose?.(62_500, 'command-line'),
    write.promise?.(62_500, 60_000),
    write.keepOpen?.('file'),
    write.keepOpen?.('command-line'),
    write.poolIdle?.(57_500),
    write.capacity?.(3000, 'file'),
    write.capacity?.(3000, 'command-line'),
    write.reuse?.(),
    write.noReuse?.(),
    write.retrySafely?.(),
    write.poolSize?.(8),
    write.poolRequests?.(99),
    write.responseTimeout?.(122_000),
    write.tcpKeepalive?.(values),
    write.tcpKeepaliveOnAccepted?.(values),
  ].flatMap((lines) => lines ?? []);
}

/** The ids of the stacks about whose HTTP facts that is so. */
const where = (isSo: (http: (typeof withHttp)[number]['http']) => boolean): string[] =>
  withHttp.filter(({ http }) => isSo(http)).map(({ id }) => id);

describe('the HTTP facts of every stack', () => {
  test('have a side at the least', () => {
    expect(where(({ server, client }) => server === undefined && client === undefined)).toEqual([]);
  });

  test('are whole milliseconds and counts, each with who says so', () => {
    const values = withHttp.flatMap(({ id, http: { server = {}, client = {} } }) =>
      [...Object.entries(server), ...Object.entries(client)].flatMap(([fact, known]) =>
        known !== null && typeof known === 'object' && 'value' in known ? [{ id, fact, value: known.value }] : [],
      ),
    );
    expect(values.length).toBeGreaterThan(withHttp.length);
    expect(values.filter(({ value }) => value !== 'never' && !Number.isSafeInteger(value))).toEqual([]);
  });

  test('write complete lines', () => {
    const lines = withHttp.flatMap(({ id, http }) => linesOf(http.write ?? {}).map((line) => ({ id, line })));
    expect(lines.length).toBeGreaterThan(withHttp.length);
    expect(lines.filter(({ line }) => /^\s*$|NaN|undefined|null|\[object|\n/.test(line))).toEqual([]);
  });

  test('can be changed where they can be too short or too long, but for what has no setting', () => {
    const isSet = (fact: { setting?: string | null } | null | undefined): boolean => (fact?.setting ?? null) !== null;
    expect(where(({ server, write }) => isSet(server?.idleClose) && write?.idleClose === undefined)).toEqual([]);
    expect(where(({ client, write }) => isSet(client?.poolIdle) && write?.poolIdle === undefined)).toEqual([]);
  });

  test('say where the line for the idle close belongs when a header tells of the stack', () => {
    const known = where(({ serverHeader }) => serverHeader !== undefined);
    expect(known).toContain('nginx');
    expect(where(({ where: place, write }) => place !== undefined && write?.idleClose !== undefined)).toEqual(
      expect.arrayContaining(known),
    );
  });
});

test('every stack has a web address as its source, or none', () => {
  const sources = Object.values(stacks).flatMap(({ id, source }) => (source === null ? [] : [{ id, source }]));
  expect(sources.length).toBeGreaterThan(0);
  expect(sources.filter(({ source }) => !(URL.canParse(source) && source.startsWith('https:')))).toEqual([]);
});

describe('a header Server tells of a stack', () => {
  test.each([
    ['nginx/1.22.1', 'nginx'],
    ['openresty', 'nginx'],
    ['gunicorn', 'gunicorn'],
    ['Apache/2.4.57 (Debian)', 'apache-httpd'],
    ['Apache-Coyote/1.1', 'tomcat'],
    ['Python/3.11 aiohttp/3.8.4', 'python-aiohttp-server'],
  ])('%s of one, and no other', (header, id) => {
    expect(where(({ serverHeader }) => serverHeader?.test(header) === true)).toEqual([id]);
    expect(stackOfServer(header)?.id).toBe(id);
  });

  test.each(['\u001b[2Jnginx', '', null])('but %j of none', (header) => {
    expect(stackOfServer(header)).toBeNull();
  });
});

test('no two stacks share a name', () => {
  const names = httpStackNames();
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe('a stack is found', () => {
  test.each([
    ['requests', 'python-requests'],
    ['python-requests', 'python-requests'],
    ['Node', 'node-http-server-legacy'],
    ['NGINX', 'nginx'],
    ['apache2', 'apache-httpd'],
  ])('as %s', (word, id) => {
    expect(findHttpStack(word)?.id).toBe(id);
  });

  test.each(['', 'requets', 'pgjdbc', '__proto__', 'constructor'])('never as "%s"', (word) => {
    expect(findHttpStack(word)).toBeNull();
  });
});

describe('the sides of a stack', () => {
  const stack = (id: string) => stacks[id] ?? fail(id);

  test('carry the default, its setting and how sure it is', () => {
    expect(serverSideOf(stack('uvicorn'))).toMatchObject({
      reuse: { value: true },
      idleCloseMs: {
        value: 5000,
        setting: '--timeout-keep-alive',
        source: { kind: 'default', id: 'uvicorn', detail: 'uvicorn, verified-by-reading' },
      },
      tcpKeepalive: { value: null },
      capacity: null,
    });
    expect(clientSideOf(stack('uvicorn'))).toBeNull();
  });

  test('leave open what is not known, so that nothing can be called aligned by it', () => {
    expect(serverSideOf(stack('haproxy'))).toMatchObject({ idleCloseMs: { kind: 'unmeasured' } });
    expect(clientSideOf(stack('nginx'))).toMatchObject({
      reuse: { kind: 'unmeasured' },
      poolIdleMs: { kind: 'unmeasured' },
    });
  });

  test('know a client without any limit, and one that follows hints', () => {
    expect(clientSideOf(stack('python-requests'))).toMatchObject({ poolIdleMs: { value: 'never' }, retries: 'none' });
    expect(clientSideOf(stack('undici-fetch'))).toMatchObject({ poolIdleMs: { value: 4000 }, honoursHint: true });
    expect(serverSideOf(stack('node-http-server-legacy'))).toMatchObject({ hintMs: { value: 5000 } });
  });
});

test('a timeout that must outlast is rounded up, one that must be over first is rounded down, to a second at least', () => {
  expect([60_000, 60_001, 1].map(secondsUp)).toEqual([60, 61, 1]);
  expect([60_000, 59_999, 1].map(secondsDown)).toEqual([60, 59, 1]);
});

describe('the lines for Python', () => {
  const python = withHttp.filter(({ id }) => id.startsWith('python-') || id === 'gunicorn');
  const linesOf = ({ http }: (typeof python)[number]): string => {
    const own = { ...http.write };
    const inFiles = [
      own.idleClose?.(62_500, 'file'),
      own.keepOpen?.('file'),
      own.poolIdle?.(57_500),
      own.noReuse?.(),
      own.retrySafely?.(),
      own.poolSize?.(8),
    ].flatMap((lines) => lines ?? []);
    return inFiles.join('\n');
  };
  const complaints = complaintsOfPython(Object.fromEntries(python.map((stack) => [stack.id, linesOf(stack)])));

  test.skipIf(complaints === null).each(python)('of $id are valid Python (needs python3)', ({ id }) => {
    expect(complaints?.[id]).toBeNull();
  });
});

function fail(id: string): never {
  throw new Error(`there is no stack ${id}`);
}
