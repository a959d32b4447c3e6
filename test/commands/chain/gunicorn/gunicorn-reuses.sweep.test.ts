import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, test } from 'vitest';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';
import { readGunicorn } from '../../../../src/commands/chain/gunicorn/read-gunicorn.ts';
import { closedPort } from '../../../cli/servers.ts';
import { findServer, startGunicorn } from '../../../real-servers.ts';

describe.skipIf(findServer('gunicorn') === null)('gunicorn (asks for gunicorn)', { concurrent: true }, () => {
  test.for([
    [''],
    ['--keep-alive 75'],
    ['-k gthread'],
    ['--threads 2'],
    ['-k gthread --keep-alive 0'],
    ['-k gthread --threads 4 --worker-connections 4'],
    ['-k gthread --threads 4 --worker-connections 5'],
    ['-k gthread --max-requests 1'],
    ['-k gthread --max-requests 3'],
  ])(
    '%s keeps a connection if, and only if, the reader says so, and announces the rest',
    async ([options = ''], { expect }) => {
      const args = options.split(' ').filter(Boolean);
      const { server } = readGunicorn({ configPath: null, words: args, environmentWords: null }, diskFiles());
      const { port, stop } = await startGunicorn({ port: await closedPort(), args });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        const outgoing = request({ port, host: '127.0.0.1', agent }).end();
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage]; // as 'response' is declared
        response.resume();
        await once(response, 'end');
        const isKept = response.headers.connection !== 'close';
        expect(server.reuse).toMatchObject({ value: isKept });
        if (isKept) {
          const again = request({ port, host: '127.0.0.1', agent }).end();
          const [second] = (await once(again, 'response')) as [IncomingMessage]; // as above
          second.resume();
          expect(again.reusedSocket).toBe(true);
        }
      } finally {
        agent.destroy();
        await stop();
      }
    },
  );
});
