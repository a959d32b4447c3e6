import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ParseError } from '../../../../src/base/errors.ts';
import { readDump } from '../../../../src/commands/chain/nginx/dump.ts';
import { readNginx } from '../../../../src/commands/chain/nginx/read-nginx.ts';
import { thrownBy } from '../../../helpers/thrown-by.ts';

const MAIN = '/etc/nginx/nginx.conf';
const SITE = '/etc/nginx/sites-enabled/shop';
const DUMP = `# configuration file ${MAIN}:
events {}
http {
    include sites-enabled/*;
}

# configuration file ${SITE}:
server {
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_read_timeout 7s;
    }
}

`;

const read = (text: string) => {
  const dump = readDump('dump.txt', Buffer.from(text));
  if (dump === null) throw new Error('no dump');
  return readNginx(dump.mainPath, { version: '1.22.1', files: dump.files });
};

describe('what nginx -T wrote', () => {
  test.each([
    ['alone', DUMP],
    ['with what it said on standard error', `nginx: the configuration file ${MAIN} syntax is ok\n\n${DUMP}`],
    ['with a warning', `2026/01/01 00:00:00 [warn] 1#1: conflicting server name\n${DUMP}`],
    ['with line ends of Windows', DUMP.replaceAll('\n', '\r\n')],
  ])('is read as the files that it came from, with their names and lines, %s', (_, text) => {
    const { routes } = read(text);
    expect(routes).toMatchObject([
      {
        place: { file: SITE, line: 3 },
        client: { responseTimeoutMs: { value: 7000, source: { kind: 'file', file: SITE, line: 4 } } },
      },
    ]);
  });

  test('names the file and line of a mistake as they are on the host', () => {
    expect(() => read(DUMP.replace('proxy_read_timeout 7s', 'proxy_read_timeout x'))).toThrow(`${SITE}:4: `);
  });

  test('that lacks an included file is not read as if it were empty', () => {
    expect(() => read(DUMP.replace('sites-enabled/*', 'more.conf'))).toThrow('more.conf: is not in dump.txt');
  });

  test('twice in one text is refused, with the line', () => {
    expect(() => readDump('dump.txt', Buffer.from(DUMP + DUMP))).toThrow(
      `dump.txt:15: ${MAIN} stands here a second time`,
    );
  });

  test.each([
    ['an ordinary configuration', 'events {}\n'],
    ['one that mentions a file later', `events {}\n# configuration file ${MAIN}:\n`],
    ['nothing', ''],
  ])('is not what %s is', (_, text) => {
    expect(readDump('nginx.conf', Buffer.from(text))).toBeNull();
  });

  test('gives back every file byte by byte, whatever is in it', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^\/[a-z/]{1,12}$/), { minLength: 1, maxLength: 4 });
    const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(names, contents, (paths, all) => {
        const parts = paths.flatMap((path, index) => [
          Buffer.from(`# configuration file ${path}:\n`),
          all[index] ?? [],
          Buffer.from('\n'),
        ]);
        const dump = readDump('dump.txt', Buffer.concat(parts.map((part) => Buffer.from(part))));
        expect(dump?.mainPath).toBe(paths[0]);
        paths.forEach((path, index) => {
          const file = dump?.files.read(path);
          if (file?.kind !== 'file') throw new Error('lost');
          expect(Buffer.from(file.bytes).subarray(0, all[index]?.length)).toEqual(Buffer.from(all[index] ?? []));
        });
      }),
    );
  });

  test('is data, a ParseError or something else, whatever the text', () => {
    const piece = fc.constantFrom('# configuration file ', '/a', ':', '\n', '\r', 'nginx: ', 'events {}', '\0', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const thrown = thrownBy(() => readDump('dump.txt', Buffer.from(pieces.join(''))));
        expect(thrown).toBeOneOf([null, expect.any(ParseError)]);
      }),
    );
  });
});
