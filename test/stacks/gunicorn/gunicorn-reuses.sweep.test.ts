import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskFiles } from '../../../src/config-files.ts';
import { readGunicorn } from '../../../src/stacks/gunicorn/read-gunicorn.ts';
import { findServer } from '../../real-servers.ts';

const gunicorn = findServer('gunicorn');

test.concurrent
  .skipIf(gunicorn === null)
  .each([
    [''],
    ['--keep-alive 75'],
    ['-k gthread'],
    ['--threads 2'],
    ['-k gthread --keep-alive 0'],
    ['-k gthread --threads 4 --worker-connections 4'],
    ['-k gthread --threads 4 --worker-connections 5'],
    ['-k gthread --max-requests 1'],
    ['-k gthread --max-requests 3'],
  ])('gunicorn %s keeps a connection if, and only if, the reader says so, and announces the rest', async (options) => {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-gunicorn-'));
  const socketPath = join(folder, 'app.sock');
  writeFileSync(
    join(folder, 'app.py'),
    'def app(environ, start_response):\n    start_response("200 OK", [("Content-Length", "0")])\n    return []\n',
  );
  const words = options.split(' ').filter(Boolean);
  const { server } = readGunicorn({ configPath: null, words, environmentWords: null }, diskFiles());
  const child = spawn(gunicorn ?? '', ['--bind', `unix:${socketPath}`, ...words, 'app:app'], {
    cwd: folder,
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await expect.poll(() => existsSync(socketPath), { timeout: 20_000 }).toBe(true);
    const outgoing = request({ socketPath, agent }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]; // as 'response' is declared
    response.resume();
    await once(response, 'end');
    const isKept = response.headers.connection !== 'close';
    expect(server.reuse).toMatchObject({ value: isKept });
    if (isKept) {
      const again = request({ socketPath, agent }).end();
      const [second] = (await once(again, 'response')) as [IncomingMessage]; // as above
      second.resume();
      expect(again.reusedSocket).toBe(true);
    }
  } finally {
    agent.destroy();
    child.kill('SIGINT'); // the master takes its workers with it, at once
    await ended;
    rmSync(folder, { recursive: true });
  }
});
