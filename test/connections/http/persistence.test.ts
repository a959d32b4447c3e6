import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HttpPersistence } from '../../../src/connections/http/observation.ts';
import {
  announcesClose,
  framingOf,
  headerValues,
  judgePersistence,
  PERSISTENCE_WORDS,
  type ResponseFacts,
  readHint,
  unreadableHints,
} from '../../../src/connections/http/persistence.ts';

/** A response with a length, to GET in HTTP/1.1. `headers` replace its own. */
function response(different: Partial<ResponseFacts> = {}): ResponseFacts {
  return {
    method: 'GET',
    requestVersion: '1.1',
    requestConnection: 'keep-alive',
    status: 200,
    version: '1.1',
    rawHeaders: ['Content-Length', '3'],
    ...different,
  };
}

const LENGTH = ['Content-Length', '3'];
const OLD: Partial<ResponseFacts> = { requestVersion: '1.0', requestConnection: null };

describe('a connection', () => {
  test.each<[why: HttpPersistence, when: string, facts: Partial<ResponseFacts>]>([
    ['http-1.1', 'in HTTP/1.1 without any header', {}],
    ['http-1.1', 'in HTTP/1.1 without being asked', { requestConnection: null }],
    ['http-1.1', 'with other connection options', { rawHeaders: [...LENGTH, 'connection', 'Upgrade, Keep-Alive'] }],
    [
      'keep-alive-granted',
      'in HTTP/1.0, asked for and granted',
      { requestVersion: '1.0', rawHeaders: [...LENGTH, 'Connection', 'Keep-Alive'] },
    ],
    [
      'keep-alive-granted',
      'where a server of HTTP/1.0 says so',
      { version: '1.0', rawHeaders: [...LENGTH, 'Connection', 'keep-alive'] },
    ],
    ['http-1.1', 'after an error that does not say otherwise', { status: 503 }],
  ])('is kept (%s) %s', (why, _, facts) => {
    expect(judgePersistence(response(facts))).toEqual({ value: true, why, also: [] });
  });

  test.each<[why: HttpPersistence, also: HttpPersistence[], when: string, facts: Partial<ResponseFacts>]>([
    ['connection-close', [], 'the server says so', { rawHeaders: [...LENGTH, 'Connection', 'close'] }],
    [
      'connection-close',
      [],
      'it says so in capitals, in a list',
      { rawHeaders: [...LENGTH, 'CONNECTION', 'x , CLOSE'] },
    ],
    [
      'request-without-keep-alive',
      ['connection-close'],
      'asked in HTTP/1.0',
      { ...OLD, rawHeaders: [...LENGTH, 'Connection', 'close'] },
    ],
    ['request-without-keep-alive', [], 'asked in HTTP/1.0, whatever the server says', { ...OLD }],
    [
      'request-says-close',
      ['connection-close'],
      'asked to',
      { requestConnection: 'close', rawHeaders: [...LENGTH, 'Connection', 'close'] },
    ],
    ['response-http-1.0', [], 'the server speaks HTTP/1.0', { version: '1.0' }],
    ['body-without-length', [], 'the body has no end of its own', { rawHeaders: [] }],
    [
      'body-without-length',
      ['connection-close'],
      'the body has none, and it says so',
      { rawHeaders: ['Connection', 'close'] },
    ],
    [
      'error-status',
      ['connection-close'],
      'an error ends it',
      { status: 400, rawHeaders: [...LENGTH, 'Connection', 'close'] },
    ],
    [
      'protocol-switched',
      [],
      'it becomes another protocol',
      { status: 101, rawHeaders: ['Connection', 'upgrade', 'Upgrade', 'x'] },
    ],
  ])('is not kept (%s, besides %j) when %s', (why, also, _, facts) => {
    expect(judgePersistence(response(facts))).toEqual({ value: false, why, also });
  });

  test('has a sentence for every reason, without a full stop', () => {
    const reasons: HttpPersistence[] = [
      ...(['http-1.1', 'keep-alive-granted', 'request-without-keep-alive', 'request-says-close'] as const),
      ...(['response-http-1.0', 'body-without-length', 'error-status', 'connection-close'] as const),
      ...(['closed-unannounced', 'protocol-switched', 'http-2-only'] as const),
    ];
    const sentences = reasons.map((reason) => PERSISTENCE_WORDS[reason]);
    expect(new Set(sentences).size).toBe(reasons.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[a-z].*[^.]$/);
  });
});

describe('the framing of a body', () => {
  test.each([
    ['none', 'HEAD', 200, LENGTH],
    ['none', 'GET', 204, []],
    ['none', 'GET', 304, LENGTH],
    ['none', 'GET', 101, []],
    ['content-length', 'GET', 200, LENGTH],
    ['chunked', 'GET', 200, ['Transfer-Encoding', 'chunked']],
    ['chunked', 'GET', 200, ['Transfer-Encoding', 'gzip', 'transfer-encoding', 'Chunked']],
    ['close', 'GET', 200, ['Transfer-Encoding', 'chunked, gzip']],
    ['close', 'GET', 200, ['Content-Type', 'text/html']],
  ])('is %s for %s, status %i and %j', (framing, method, status, rawHeaders) => {
    expect(framingOf({ method, status, rawHeaders })).toBe(framing);
  });
});

describe('the hint', () => {
  test.each<[string[], ReturnType<typeof readHint>]>([
    [['Keep-Alive', 'timeout=5'], { timeoutMs: 5000, max: null }],
    [['keep-alive', 'timeout=5, max=100'], { timeoutMs: 5000, max: 100 }],
    [['Keep-Alive', 'max=99,timeout = "15"'], { timeoutMs: 15_000, max: 99 }],
    [['Keep-Alive', 'timeout=5', 'Keep-Alive', 'max=1'], { timeoutMs: 5000, max: 1 }],
    [['Keep-Alive', 'timeout=0'], { timeoutMs: 0, max: null }],
    [['Keep-Alive', '300'], null],
    [['Keep-Alive', 'timeout=-1'], null],
    [['Keep-Alive', 'timeout=5s'], null],
    [['Keep-Alive', `timeout=${'9'.repeat(400)}`], null],
    [['Keep-Alive', 'xtimeout=5'], null],
    [['Content-Length', 'timeout=5'], null],
    [[], null],
  ])('in %j is read as %j', (rawHeaders, hint) => {
    expect(readHint(rawHeaders)).toEqual(hint);
  });

  test('is told apart from what cannot be meant', () => {
    const said = (value: string) => unreadableHints(['Keep-Alive', value]);
    expect(said('timeout=5, max=100')).toEqual([]);
    expect(said('300, xtimeout=5s')).toEqual([]);
    expect(said('timeout=-1, max=7')).toEqual(['timeout=-1']);
    expect(said(`timeout=5, MAX=1${'0'.repeat(21)}`)).toEqual([`max=1${'0'.repeat(21)}`]);
  });
});

test('whatever a server sends comes to a judgement in bounded numbers', () => {
  const text = fc.oneof(
    fc.constantFrom(
      'Connection',
      'close',
      'keep-alive',
      'Keep-Alive',
      'timeout=7, max=2',
      'Transfer-Encoding',
      'chunked',
      ',',
      '',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(text),
      fc.integer({ min: 100, max: 999 }),
      fc.constantFrom('1.0', '1.1', '0.9', '2.0'),
      (rawHeaders, status, version) => {
        const { value, why, also } = judgePersistence(response({ rawHeaders, status, version }));
        expect(also).not.toContain(why);
        if (announcesClose(rawHeaders)) expect(value).toBe(false);
        expect(headerValues(rawHeaders, 'connection').length).toBeLessThanOrEqual(rawHeaders.length);
        const hint = readHint(rawHeaders);
        if (hint !== null)
          expect([hint.timeoutMs ?? 0, hint.max ?? 0].every((number) => number >= 0 && number < 1e12)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
