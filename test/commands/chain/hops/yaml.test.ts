import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KaprobeError, ParseError } from '../../../../src/base/errors.ts';
import { parseYamlChain } from '../../../../src/commands/chain/hops/yaml.ts';

const parse = (text: string) => parseYamlChain('chain.yaml', text);
const mistake = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof KaprobeError) return error.message;
    throw error;
  }
  return 'no error';
};

test('a list of hops, or a map with one, is read with the line of each value', () => {
  const hops = '- stack: requests\n  pool-idle: 30s\n- name: api\n  role: app\n  idle-close: 75s\n';
  const read = parse(hops);
  expect(read).toMatchObject({
    hops: [
      { base: { kind: 'stack', word: 'requests' }, place: 'chain.yaml:1' },
      { name: 'api', role: 'app', base: { kind: 'settings' }, place: 'chain.yaml:3' },
    ],
    rate: null,
    margin: null,
    nginxVersion: null,
  });
  expect(read.hops.flatMap(({ settings }) => settings)).toEqual([
    { key: 'pool-idle', text: '30s', source: { kind: 'file', file: 'chain.yaml', line: 2 } },
    { key: 'idle-close', text: '75s', source: { kind: 'file', file: 'chain.yaml', line: 5 } },
  ]);
  const map = parse(`rate: 200/s\nmargin: 5s\nnginx-version: 1.22.1\nhops:\n${hops}`);
  expect(map).toMatchObject({
    rate: '200/s',
    margin: '5s',
    nginxVersion: '1.22.1',
    hops: [{ place: 'chain.yaml:5' }, {}],
  });
});

test('numbers and booleans stand for the words of --hop', () => {
  const [hop] = parse('- role: app\n  capacity: 32\n  keep-alive: true\n  announces-close: false\n').hops;
  expect(hop?.settings.map(({ text }) => text)).toEqual(['32', 'yes', 'no']);
});

describe('is refused with its line:', () => {
  test.each([
    ['', 'chain.yaml:1: the file is not a map of keys'],
    ['hops: 3\n', 'chain.yaml:1: there is no list of hops'],
    ['rate: 1/s\n', 'chain.yaml:1: there is no list of hops'],
    ['\nhop:\n  - a\n', "chain.yaml:2: unknown key 'hop', known are hops, rate, margin, nginx-version"],
    ['hops:\n  - requests\n', 'chain.yaml:2: a hop is not a map of keys'],
    ['hops:\n  - name:\n', 'chain.yaml:2: name has no plain value'],
    ['hops:\n  - name: [a]\n', 'chain.yaml:2: name has no plain value'],
    ['hops:\n  - stack: a\n    nmae: b\n', "chain.yaml:3: unknown key 'nmae'"],
    ['hops:\n  - stack: a\n    preset: b\n', 'chain.yaml:2: stack and preset exclude each other'],
    ['hops:\n  - role: boss\n', "chain.yaml:2: role 'boss' is not one of client, proxy, app, middlebox"],
    ['hops:\n  - name: "unfinished\n', 'chain.yaml:3: missing closing "quote'],
    ['hops:\n  - name: a\n    name: b\n', 'chain.yaml:3: map keys must be unique'],
    ['hops:\n  - &a {name: x}\n  - *a\n', 'chain.yaml:3: aliases are not read: write it out'],
    ['a: 1\n---\nb: 2\n', 'chain.yaml:2: source contains multiple documents'],
  ])('%j', (text, expected) => {
    expect(mistake(text)).toContain(expected);
  });

  test.each([['['], ['{a: '], ['- ']])('%s, thirty thousand times', (part) => {
    expect(mistake(part.repeat(30_000))).toMatch(/^chain\.yaml/);
  });

  test('aliases of aliases, which would be a billion', () => {
    const lines = Array.from({ length: 12 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1}, `.repeat(n === 0 ? 0 : 10)}]`);
    expect(mistake(`${lines.join('\n')}\nhops: *a11\n`)).toMatch(/^chain\.yaml:1: unknown key 'a0'/);
  });
});

test('any text gives hops or an error that names the file', () => {
  const word = fc.constantFrom(
    'hops',
    'name',
    'stack',
    'role',
    ': ',
    '- ',
    '\n',
    '  ',
    '"',
    '[',
    '{',
    '&a',
    '*a',
    '75s',
    '#',
    '|',
    '!!',
    '\t',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        expect(parse(given).hops).toBeInstanceOf(Array);
      } catch (error) {
        expect(error).toBeInstanceOf(KaprobeError);
        if (error instanceof ParseError) expect(error.message).toMatch(/^chain\.yaml/);
      }
    }),
  );
});
