import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../../src/base/errors.ts';
import { parseHop } from '../../../../src/commands/chain/hops/spec.ts';

test('--hop is split at commas and first equals signs, spaces around them left out', () => {
  expect(parseHop('name=alb, preset = aws-alb,idle-close=75s,measure=http://a/?x=1')).toEqual({
    name: 'alb',
    role: null,
    base: { kind: 'preset', word: 'aws-alb' },
    settings: [{ key: 'idle-close', text: '75s', source: { kind: 'flag', text: 'idle-close=75s' } }],
    command: null,
    measure: 'http://a/?x=1',
    place: "--hop 'name=alb, preset = aws-alb,idle-close=75s,measure=http://...'",
  });
});

test('a command line may hold commas, because it stands last', () => {
  expect(parseHop('name=api,command=gunicorn -b a:1,b:2 app:app').base).toEqual({
    kind: 'command',
    word: 'gunicorn -b a:1,b:2 app:app',
  });
  expect(parseHop('file=a.py,command=gunicorn --keep-alive 9')).toMatchObject({
    base: { kind: 'file', word: 'a.py' },
    command: 'gunicorn --keep-alive 9',
  });
});

describe('is refused:', () => {
  test.each([
    ['', '--hop says nothing'],
    ['requests', "'requests' has no ="],
    ['name=a,requests', "'requests' has no ="],
    ['nmae=a', "unknown key 'nmae'"],
    ['name=a,name=b', "'name' is given twice"],
    ['idle-close=1s,idle-close=2s', "'idle-close' is given twice"],
    ['stack=a,preset=b', 'stack and preset exclude each other'],
    ['role=boss', "role 'boss' is not one of client, proxy, app, middlebox"],
    ['name=', 'name is empty'],
    [`name=${'x'.repeat(5000)}`, 'longer than 4096 characters'],
  ])('%j', (text, expected) => {
    expect(() => parseHop(text)).toThrow(UsageError);
    expect(() => parseHop(text)).toThrow(expected);
  });
});

test('any text gives a hop or a UsageError', () => {
  const word = fc.constantFrom('name', 'stack', 'idle-close', '=', ',', ' ', 'a', '75s', '__proto__', 'constructor');
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 20 }).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        parseHop(given);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});
