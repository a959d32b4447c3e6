import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';
import { readNginx } from '../../../../src/commands/chain/nginx/read-nginx.ts';
import { findServer } from '../../../real-servers.ts';

const program = findServer('nginx');
const shown = program === null ? '' : spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr;
const [, version = null] = /nginx\/([\d.]+)/.exec(shown) ?? [];

/** Every location goes to the upstream of its own name, so that none takes the pooled connection of another. */
const LOCATIONS: Readonly<Record<string, { upstream: string; lines: string }>> = {
  full: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection "";' },
  poolless: { upstream: '', lines: 'proxy_http_version 1.1; proxy_set_header Connection "";' },
  bare: { upstream: 'keepalive 4;', lines: '' },
  versionless: { upstream: 'keepalive 4;', lines: 'proxy_set_header Connection "";' },
  headerless: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1;' },
  close: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection close;' },
  upgrade: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection upgrade;' },
  inherited: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Host x;' },
  twice: {
    upstream: 'keepalive 4;',
    lines: 'proxy_http_version 1.1; proxy_set_header Connection keep-alive; proxy_set_header Connection close;',
  },
  balancer: { upstream: 'keepalive 4; least_conn;', lines: 'proxy_http_version 1.1; proxy_set_header Connection "";' },
  ordered: { upstream: 'least_conn; keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection "";' },
  websocket: {
    upstream: 'keepalive 4;',
    lines: 'proxy_http_version 1.1; proxy_set_header Connection $upgrade_or_close;',
  },
  emptied: {
    upstream: 'keepalive 4;',
    lines: 'proxy_http_version 1.1; proxy_set_header Connection $upgrade_or_nothing;',
  },
  pattern: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection $pattern;' },
  chained: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection $chained;' },
  raw: { upstream: 'keepalive 4;', lines: 'proxy_http_version 1.1; proxy_set_header Connection $http_upgrade;' },
  idleless: { upstream: 'keepalive 4; keepalive_timeout 0;', lines: 'proxy_http_version 1.1;' },
  once: {
    upstream: 'keepalive 4; keepalive_requests 1;',
    lines: 'proxy_http_version 1.1; proxy_set_header Connection "";',
  },
};

test.skipIf(version === null)(
  'nginx sends a second request on a connection where the reader says so, and only there',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kaprobe-reuse-'));
    const connections = new Map<unknown, number>();
    const app = createServer((incoming, response) => {
      const number = connections.get(incoming.socket) ?? connections.size + 1;
      connections.set(incoming.socket, number);
      response.end(String(number));
    });
    app.listen(join(folder, 'app.sock'));
    await once(app, 'listening');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log stderr;
events { }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  proxy_set_header Connection "";
  map $http_upgrade $upgrade_or_close { default upgrade; '' close; }
  map $http_upgrade $upgrade_or_nothing { default upgrade; '' ''; }
  map $http_upgrade $pattern { ~.* upgrade; default close; }
  map $upgrade_or_nothing $chained { default ''; '' close; }
${Object.entries(LOCATIONS)
  .map(([name, { upstream }]) => `  upstream ${name} { server unix:${folder}/app.sock; ${upstream} }\n`)
  .join('')}
  server {
    listen unix:${folder}/nginx.sock;
${Object.entries(LOCATIONS)
  .map(([name, { lines }]) => `    location /${name} { proxy_pass http://${name}; ${lines} }\n`)
  .join('')}
  }
}
`,
    );
    const nginx = spawn(program ?? '', ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
      stdio: 'ignore',
    });
    const ended = once(nginx, 'exit');
    try {
      await expect.poll(() => existsSync(join(folder, 'nginx.sock')), { timeout: 20_000 }).toBe(true);
      await expect.poll(() => ask('/').catch(() => null), { timeout: 20_000 }).not.toBeNull();
      const { routes } = readNginx(join(folder, 'nginx.conf'), { version, files: diskFiles() });
      const said = Object.fromEntries(
        routes.map(({ location, client }) => [
          location,
          client !== null && 'value' in client.reuse ? client.reuse.value : null,
        ]),
      );
      const seen: Record<string, boolean> = {};
      for (const location of Object.keys(said)) {
        const first = await ask(location);
        seen[location] = first === (await ask(location));
      }
      expect(said).toEqual(seen);
      expect(Object.keys(said)).toHaveLength(Object.keys(LOCATIONS).length);
      expect(new Set(Object.values(seen))).toEqual(new Set([true, false]));
    } finally {
      nginx.kill('SIGKILL');
      await ended;
      app.closeAllConnections();
      app.close();
      rmSync(folder, { recursive: true });
    }

    async function ask(path: string): Promise<string> {
      const outgoing = request({ socketPath: join(folder, 'nginx.sock'), path, agent: false }).end();
      const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>]; // as 'response' is declared
      let text = '';
      for await (const chunk of response) text += chunk;
      return text;
    }
  },
);
