import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { kaprobe } from '../kaprobe.ts';
import { listening, serve, type TestServer } from '../servers.ts';
import { ask } from './ask.ts';

const running: TestServer[] = [];
afterAll(() => Promise.all(running.map((server) => server.close())));

/** A server that does the same on each request. Returns its URL. */
async function answering(answer: (socket: Socket) => void): Promise<string> {
  const server = await serve((socket) => socket.on('data', () => answer(socket)));
  running.push(server);
  return `http://127.0.0.1:${server.port}/`;
}

/** Writes a piece again and again, as fast as it is read, or one every `everyMs`. */
function repeat(socket: Socket, piece: string | Buffer, everyMs = 0): void {
  if (everyMs > 0) {
    const timer = setInterval(() => socket.write(piece), everyMs);
    socket.once('close', () => clearInterval(timer));
    return;
  }
  const flood = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', flood);
  flood();
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LITTLE = ['--max-idle', '1s', '--max-requests', '3'];
/** Where the claim is not that time ends it: server and client may be held up on a busy machine. */
const PATIENT = ['--timeout', '40s', ...LITTLE];
/** Where it is. */
const SHORT = ['--timeout', '1s', ...LITTLE];

describe('a server', { concurrent: true }, () => {
  it.for<[what: string, reason: RegExp, answer: (socket: Socket) => void, args?: string[]]>([
    [
      'whose headers never end',
      /header|Header/,
      (socket) => repeat(socket, `HTTP/1.1 200 OK\r\nX-A: ${'y'.repeat(100_000)}`),
    ],
    [
      'whose header fields are many and empty',
      /header|Header/,
      (socket) => repeat(socket, `HTTP/1.1 200 OK\r\n${'X: \r\n'.repeat(20_000)}`),
    ],
    [
      'whose body never ends',
      /the response takes up more than 16 MiB/,
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n');
        repeat(socket, Buffer.alloc(65_536));
      },
    ],
    [
      'whose body drips',
      /the response did not end within 1 s, after \d+ bytes/,
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        repeat(socket, '1\r\nx\r\n', 20);
      },
      SHORT,
    ],
    [
      'that is slower than anybody waits',
      /the response did not end within 1 s, after \d+ bytes/,
      (socket) => socket.write('HTTP/1.1 200 OK\r\n') && repeat(socket, 'X: y\r\n', 400),
      SHORT,
    ],
    ['that never says anything', /no response within 1 s/, () => {}, SHORT],
    [
      'that floods with 1xx',
      /more than 10 interim replies/,
      (socket) => repeat(socket, 'HTTP/1.1 100 Continue\r\n\r\n'),
    ],
    ['that speaks something else', /does not speak HTTP\/1.1/, (socket) => socket.write('\0\0\x12\x04\0\0\0\0\0')],
    ['that hangs up', /the server closed the connection without a response/, (socket) => socket.end()],
    ['that resets', /the server reset the connection without a response/, (socket) => socket.resetAndDestroy()],
    [
      'that resets in the middle of a body without a length',
      /was reset in the middle of the response/,
      (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nx', () => setTimeout(() => socket.resetAndDestroy(), 100)),
    ],
    ['that hangs up in the middle', /ended in the middle of the response/, (socket) => socket.end(OK.slice(0, -1))],
  ])('%s is not measured, in bounded time, with the reason', async ([, reason, answer, args = PATIENT], { expect }) => {
    const { exitCode, report, data } = await ask(await answering(answer), args);
    expect(report.gaps).toEqual([{ subject: data.url, what: 'response', reason: expect.stringMatching(reason) }]);
    expect({ exitCode, findings: report.findings, persistent: data.persistent.value }).toEqual({
      exitCode: 2,
      findings: [],
      persistent: null,
    });
  });

  it('that speaks first is one of another protocol', async ({ expect }) => {
    const server = await serve((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'));
    running.push(server);
    const { report } = await ask(`http://127.0.0.1:${server.port}/`, PATIENT);
    expect(report.gaps).toMatchObject([{ reason: expect.stringMatching(/does not speak HTTP\/1\.1/) }]);
  });

  it('whose response to HEAD names no length may still end the connection after GET', async ({ expect }) => {
    const url = await answering((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    const { data } = await ask(url, ['--method', 'HEAD', '--no-idle', '--max-requests', '2']);
    expect(data).toMatchObject({ framing: 'none', persistent: { value: true } });
    expect(data.doubts).toEqual([expect.stringContaining('asked with HEAD')]);
  });

  it('that sends a compressed bomb is read as it comes, never unpacked', async ({ expect }) => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`;
    const url = await answering((socket) => socket.write(Buffer.concat([Buffer.from(head), bomb])));
    const { data } = await ask(url, ['--no-idle']);
    expect(data.exchanges[0]?.bodyBytes).toBe(bomb.length);
  });

  it('that talks on after its response was never idle', async ({ expect }) => {
    const url = await answering((socket) => {
      socket.write(OK);
      setTimeout(() => repeat(socket, Buffer.alloc(65_536)), 300);
    });
    const { exitCode, report } = await ask(url, [...PATIENT, '--connections', '2']);
    expect(report.gaps).toMatchObject([{ what: 'idle close', reason: expect.stringContaining('never idle') }]);
    expect(exitCode).toBe(2);
  });

  it('that says something before it closes is quoted, without what moves the cursor', async ({ expect }) => {
    const url = await answering((socket) => {
      socket.write(OK);
      setTimeout(() => socket.end('HTTP/1.1 408 Request\u001b[2J Timeout\r\n\r\n'), 500);
    });
    const { data } = await ask(url, [...PATIENT, '--max-idle', '10s', '--connections', '1']);
    expect(data.idleSamples).toMatchObject([{ outcome: 'closed', lastWords: 'HTTP/1.1 408 Request [2J Timeout' }]);
  });

  it('that loses its temper after some requests is asked no more', async ({ expect }) => {
    let count = 0;
    const server = await listening(
      createServer((_, response) => {
        count += 1;
        response.statusCode = count > 3 ? 429 : 200;
        response.end('ok');
      }),
    );
    running.push(server);
    const { data } = await ask(`http://127.0.0.1:${server.port}/`, ['--no-idle']);
    expect(data.requestsPerConnection).toMatchObject({ count: 4, limited: false });
    expect(data.doubts).toEqual([expect.stringContaining('request 4 was answered with 429')]);
    expect(count).toBe(4);
  });
});

describe('a redirect', { concurrent: true }, () => {
  it('is shown without what may be a secret, and followed only when asked to, five times', async ({ expect }) => {
    const url = await answering((socket) =>
      socket.write(
        `HTTP/1.1 302 Found\r\nLocation: http://user:secret@127.0.0.1:${socket.localPort}/next?token=secret\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
    const [shown, followed] = await Promise.all([
      ask(url, ['--no-idle', '--max-requests', '1']),
      ask(url, ['--no-idle', '--max-requests', '1', '--follow']),
    ]);
    expect(shown.data.redirects).toEqual([{ status: 302, location: `${url}next`, followed: false }]);
    expect(shown.data.url).toBe(url);
    expect(followed.data.redirects.map(({ followed: was }) => was)).toEqual([true, true, true, true, true, false]);
    expect(followed.data).toMatchObject({ url: `${url}next`, givenUrl: url });
    expect(JSON.stringify([shown.report, followed.report])).not.toContain('secret');
  });

  it('to another origin is not sent the headers that were given', async ({ expect }) => {
    const seen: (string | undefined)[] = [];
    const second = await listening(
      createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.end('ok');
      }),
    );
    const first = await listening(
      createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(307, { Location: `http://127.0.0.1:${second.port}/` }).end();
      }),
    );
    running.push(first, second);
    const { data } = await ask(`http://127.0.0.1:${first.port}/`, [
      '--follow',
      '--no-idle',
      '--max-requests',
      '1',
      '-H',
      'Authorization: Bearer secret',
    ]);
    expect(seen).toEqual(['Bearer secret', undefined]);
    expect(data.doubts).toEqual([expect.stringMatching(/another origin.*Authorization$/)]);
  });

  it('to no URL of http is not followed', async ({ expect }) => {
    const url = await answering((socket) =>
      socket.write('HTTP/1.1 301 Gone\r\nLocation: javascript://u:secret@x/?secret\r\nContent-Length: 0\r\n\r\n'),
    );
    const { data } = await ask(url, ['--follow', '--no-idle', '--max-requests', '1']);
    expect(data.redirects).toEqual([{ status: 301, location: 'javascript://x/', followed: false }]);
    expect(data.doubts).toEqual(['the redirect leads to no http or https URL']);
  });
});

describe('a hint that cannot be meant', () => {
  it('is passed over, and that is said', async () => {
    const url = await answering((socket) =>
      socket.write('HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=-1, max=7\r\n\r\n'),
    );
    const { data } = await ask(url, ['--no-idle', '--max-requests', '1']);
    expect(data.hint).toEqual({ timeoutMs: null, max: 7 });
    expect(data.doubts).toEqual([
      `the server's Keep-Alive says "timeout=-1", which is no number of seconds or requests`,
    ]);
  });
});

describe('the command line', { concurrent: true }, () => {
  it.for<[what: string, args: string[], message: string]>([
    ['a header with a line break', ['-H', 'X-A: b\r\nX-Evil: 1'], "--header 'X-A' cannot be sent"],
    ['a header name with a space', ['-H', 'X A: b'], "--header 'X A' cannot be sent"],
    [
      'a header that speaks of a body',
      ['-H', 'Transfer-Encoding: chunked'],
      "--header 'Transfer-Encoding' speaks of a body",
    ],
    ['two headers Host', ['-H', 'Host: a', '-H', 'host: b'], '--header Host is given twice'],
    ['a header of 20 KB', ['-H', `X-A: ${'b'.repeat(20_000)}`], "--header 'X-A' is longer than 16384 characters"],
    ['a header without a colon, which may be a secret', ['-H', 'secret'], 'a --header has no colon'],
  ])('refuses %s', async ([, args, message], { expect }) => {
    const { exitCode, stdout, stderr } = await kaprobe(['http', 'http://127.0.0.1:9/', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^kaprobe: .*\nhint: .*\n$|^kaprobe: .*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/secret|Evil/);
  });

  it('sends the headers given in place of its own, and leaves out those that are empty', async ({ expect }) => {
    const heard: string[] = [];
    const server = await serve((socket) =>
      socket.on('data', (bytes) => {
        heard.push(String(bytes));
        socket.write(OK);
      }),
    );
    running.push(server);
    const given = [
      '-H',
      'host: other.example',
      '-H',
      'Connection:',
      '-H',
      'X-A: 1',
      '-H',
      'X-A: 2',
      '-H',
      'user-agent: me',
    ];
    await ask(`http://127.0.0.1:${server.port}/a?b=c d#e`, [
      '--method',
      'head',
      '--no-idle',
      '--max-requests',
      '1',
      ...given,
    ]);
    expect(heard).toEqual([
      'HEAD /a?b=c%20d HTTP/1.1\r\nHost: other.example\r\nUser-Agent: me\r\nAccept: */*\r\nAccept-Encoding: identity\r\nX-A: 1\r\nX-A: 2\r\n\r\n',
    ]);
  });

  it('takes the address from --resolve', async ({ expect }) => {
    const url = await answering((socket) => socket.write(OK));
    const { port } = new URL(url);
    const { data } = await ask(`http://app.example:${port}/`, [
      '--resolve',
      `APP.example:${port}:127.0.0.1`,
      '--no-idle',
      '--max-requests',
      '1',
    ]);
    expect(data).toMatchObject({ address: '127.0.0.1', status: 200 });
  });

  it('repeats a request that may change something once only', async ({ expect }) => {
    let count = 0;
    const server = await listening(
      createServer((_, response) => {
        count += 1;
        response.end('ok');
      }),
    );
    running.push(server);
    await ask(`http://127.0.0.1:${server.port}/`, ['--method', 'POST', '--no-idle']);
    expect(count).toBe(2);
  });

  it('prints what is known by then when interrupted', async ({ expect }) => {
    let requestCount = 0;
    let child = 0;
    const url = await answering((socket) => {
      socket.write(OK);
      requestCount += 1;
      // Two on the first connection, one on each that idles.
      if (requestCount === 5) setTimeout(() => process.kill(child, 'SIGINT'), 300);
    });
    const { exitCode, stdout, stderr } = await kaprobe(['http', url, '--max-requests', '2', '--format', 'json'], {
      started: (pid) => {
        child = pid;
      },
    });
    expect(exitCode).toBe(130);
    expect(stderr).toContain('interrupted');
    expect(JSON.parse(stdout)).toMatchObject({
      data: { persistent: { value: true }, requestsPerConnection: { count: 2 }, idleClose: { outcome: 'unmeasured' } },
      gaps: [{ what: 'idle close', reason: 'interrupted' }],
      exitCode: 130,
    });
  });
});
