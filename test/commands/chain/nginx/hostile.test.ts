import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KaprobeError, ParseError } from '../../../../src/base/errors.ts';
import type { ConfigFiles } from '../../../../src/commands/chain/config/files.ts';
import { readNginx } from '../../../../src/commands/chain/nginx/read-nginx.ts';
import { fixtures } from './fixtures.ts';

const noFile = { kind: 'unreadable', reason: 'no such file' } as const;

/** The same bytes for the main file, and nothing else. */
function oneFile(text: string | Uint8Array): ConfigFiles {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return { read: (path) => (path === 'nginx.conf' ? { kind: 'file', bytes } : noFile), list: () => [] };
}

/** `routes` or the error's sentence. Anything but data and ParseErrors fails the test. */
function read(text: string | Uint8Array, version: string | null = null): string {
  try {
    return `routes: ${readNginx('nginx.conf', { version, files: oneFile(text) }).routes.length}`;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    expect(error.message).toMatch(/^nginx\.conf(:\d+)?: /);
    return error.message;
  }
}

const inHttp = (content: string): string => `events { }\nhttp {\n${content}\n}\n`;

describe('readNginx, given what no one should write,', () => {
  const seeds = fixtures.flatMap(({ folder }) =>
    readdirSync(folder).includes('nginx.conf') ? [readFileSync(join(folder, 'nginx.conf'))] : [],
  );
  const pieces = [
    '{',
    '}',
    ';',
    '"',
    "'",
    '\\',
    '#',
    '$',
    '${',
    ' ',
    '\n',
    '\r',
    '\0',
    '\xff',
    'include x;',
    'upstream a {',
  ];

  test('returns data or a ParseError for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void read(bytes)));
  });

  test('returns data or a ParseError for any soup of its own words', () => {
    const word = fc.constantFrom(
      ...pieces,
      'http',
      'server',
      'location',
      'keepalive',
      'map',
      'set',
      'proxy_pass',
      '1s',
      'if',
    );
    fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => void read(inHttp(words.join(' ')))));
  });

  test('returns data or a ParseError for configurations with pieces cut out and put in', () => {
    const change = fc.record({
      seed: fc.nat(seeds.length - 1),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(40),
      piece: fc.constantFrom('', ...pieces),
    });
    fc.assert(
      fc.property(change, ({ seed, at, cut, piece }) => {
        const text = (seeds[seed] ?? Buffer.alloc(0)).toString('latin1');
        const index = Math.floor(at * text.length);
        read(Buffer.from(text.slice(0, index) + piece + text.slice(index + cut), 'latin1'));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[what: string, text: string, message: string]>([
    ['blocks in blocks in blocks', 'http {'.repeat(100_000), 'blocks are nested too deep'],
    ['locations in locations', inHttp(`server { ${'location / { '.repeat(5000)}`), 'blocks are nested too deep'],
    ['very many directives', 'a;'.repeat(300_001), 'more than 300000 directives'],
    ['one endless word', 'x'.repeat(10_000_000), 'too long parameter'],
    ['one endless quoted word', `"${'x'.repeat(10_000_000)}`, 'too long parameter'],
    ['brackets of Lua that never end', `a_by_lua_block { ${'[['.repeat(1_000_000)}`, 'lacks its "]]"'],
    ['quotes of Lua that never end', `a_by_lua_block { ${'"\\"'.repeat(1_000_001)}`, 'lacks its'],
    ['an include of a file with a terminal escape', inHttp('include \x1b;'), 'no such file'],
  ])('ends at once with a ParseError for %s', (_, text, message) => {
    expect(read(text)).toContain(message);
  });

  test('reads a configuration of thousands of servers', () => {
    const server = 'server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } } # comment\n'.repeat(4000);
    expect(read(inHttp(server))).toBe('routes: 4000');
  });

  test('resolves maps that go in circles to nothing', () => {
    const maps = 'map $a $b { default $a; } map $b $a { default $b; }';
    const location = 'location / { proxy_pass http://127.0.0.1; proxy_set_header Connection $a; }';
    expect(read(inHttp(`${maps} server { ${location} }`))).toBe('routes: 1');
  });

  test.each(['', 'x', '1', '1.2.3.4', 'latest', '-1.2.3', '1.22.1\u001b[31m', '9'.repeat(1000)])(
    'refuses %j as a version with a usage error',
    (version) => {
      const ask = () => readNginx('nginx.conf', { version, files: oneFile(inHttp('')) });
      expect(ask).toThrow(KaprobeError);
      expect(ask).toThrow(/^'[ -~]*' is not a version of nginx$/);
    },
  );

  test.each(['1.22', '1.22.1', 'nginx/1.22.1'])('takes %s as a version', (version) => {
    expect(read(inHttp('server { }'), version)).toBe('routes: 1');
  });
});

describe('an include', () => {
  const tree = (files: Record<string, string>): ConfigFiles => ({
    read: (path) => {
      const text = files[path];
      return text === undefined ? noFile : { kind: 'file', bytes: Buffer.from(text) };
    },
    list: (folder) =>
      Object.keys(files).flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])),
  });

  test('is taken from the folder of the main file, also in a file of another folder', () => {
    const files = tree({
      '/etc/nginx/nginx.conf': inHttp('include sites/a;'),
      '/etc/nginx/sites/a': 'server { include snippet; }',
      '/etc/nginx/snippet': 'server_name found;',
    });
    const { routes } = readNginx('/etc/nginx/nginx.conf', { version: null, files });
    expect(routes.map(({ serverName, place }) => [serverName, place])).toEqual([
      ['found', { file: '/etc/nginx/sites/a', line: 1 }],
    ]);
  });

  test('of a file that does not end its block is the fault of that file', () => {
    const files = tree({ 'nginx.conf': inHttp('include a;'), a: 'server {\n  listen 80;\n' });
    expect(() => readNginx('nginx.conf', { version: null, files })).toThrow(
      'a:3: unexpected end of file: "server" of line 1',
    );
  });

  test('that leads to thousands of files ends', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `${index}.conf`);
    const files: ConfigFiles = {
      read: (path) => ({ kind: 'file', bytes: Buffer.from(path === 'nginx.conf' ? 'include *.conf;' : '') }),
      list: () => names,
    };
    expect(() => readNginx('nginx.conf', { version: null, files })).toThrow(
      'nginx.conf:1: include of 2798.conf: more than 2000 files',
    );
  });
});
