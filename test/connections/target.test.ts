import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { parseHttpTarget, parseTarget } from '../../src/connections/target.ts';
import { anyText } from '../any-text.ts';

/** What a text comes to: a target, or the error's message and hint in one line. */
function outcome(text: string): ReturnType<typeof parseTarget> | string {
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} | ${error.hint}`;
    throw error;
  }
}

describe('parseTarget', () => {
  test.each<[text: string, host: string, port: number]>([
    ['db.example:5432', 'db.example', 5432],
    ['localhost:1', 'localhost', 1],
    ['10.0.0.5:65535', '10.0.0.5', 65_535],
    ['[::1]:5432', '::1', 5432],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['[::ffff:10.0.0.5]:80', '::ffff:10.0.0.5', 80],
    ['[fe80::1%eth0]:22', 'fe80::1%eth0', 22],
    ['example.com.:80', 'example.com.', 80],
    ['_srv.example:80', '_srv.example', 80],
    ['münchen.example:80', 'xn--mnchen-3ya.example', 80],
    ['EXAMPLE.com:80', 'example.com', 80],
    ['host:00080', 'host', 80],
  ])('reads %s as plain TCP', (text, host, port) => {
    expect(parseTarget(text)).toEqual({ label: text, scheme: 'tcp', tls: false, host, port });
  });

  test.each<[text: string, target: ReturnType<typeof parseTarget>]>([
    ['tcp://h:7', { label: 'tcp://h:7', scheme: 'tcp', tls: false, host: 'h', port: 7 }],
    ['tls://h', { label: 'tls://h', scheme: 'tls', tls: true, host: 'h', port: 443 }],
    ['http://h', { label: 'http://h', scheme: 'http', tls: false, host: 'h', port: 80 }],
    ['https://h/a/b', { label: 'https://h/a/b', scheme: 'https', tls: true, host: 'h', port: 443 }],
    ['https://h:8443/', { label: 'https://h:8443/', scheme: 'https', tls: true, host: 'h', port: 8443 }],
    ['HTTPS://h', { label: 'https://h', scheme: 'https', tls: true, host: 'h', port: 443 }],
    ['redis://h', { label: 'redis://h', scheme: 'redis', tls: false, host: 'h', port: 6379 }],
    ['rediss://h', { label: 'rediss://h', scheme: 'rediss', tls: true, host: 'h', port: 6379 }],
    ['postgres://h', { label: 'postgres://h', scheme: 'postgres', tls: false, host: 'h', port: 5432 }],
    ['postgresql://h/db', { label: 'postgresql://h/db', scheme: 'postgresql', tls: false, host: 'h', port: 5432 }],
    ['https://[::1]:8443/x', { label: 'https://[::1]:8443/x', scheme: 'https', tls: true, host: '::1', port: 8443 }],
    ['https://h?a=b#c', { label: 'https://h', scheme: 'https', tls: true, host: 'h', port: 443 }],
  ])('reads the URL %s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  test.each<[text: string, message: string]>([
    ['', 'a target is empty | write host:port, [v6]:port or a URL'],
    ['host', "target 'host' has no port | write host:port, or a URL whose scheme has one"],
    ['host:', "target 'host:' has no port | write host:port, or a URL whose scheme has one"],
    ['https://h:', "target 'https://h:' has no port | write host:port, or a URL whose scheme has one"],
    ['tcp://h', "target 'tcp://h' has no port | write host:port, or a URL whose scheme has one"],
    ['host:0', "target 'host:0' has no valid port | a port is a number from 1 to 65535"],
    ['host:65536', "target 'host:65536' has no valid port | a port is a number from 1 to 65535"],
    ['host:-1', "target 'host:-1' has no valid port | a port is a number from 1 to 65535"],
    ['host:http', "target 'host:http' has no valid port | a port is a number from 1 to 65535"],
    ['host:80 ', "target 'host:80 ' has no valid port | a port is a number from 1 to 65535"],
    ['host:1e3', "target 'host:1e3' has no valid port | a port is a number from 1 to 65535"],
    [':80', "target ':80' has no host | write host:port, [v6]:port or a URL"],
    ['https://', "target 'https://' has no host | write host:port, [v6]:port or a URL"],
    ['tcp:///path', "target 'tcp:///path' has no host | write host:port, [v6]:port or a URL"],
    ['::1', "target '::1' is an IPv6 address without brackets | write [::1]:5432"],
    ['2001:db8::1:5432', "target '2001:db8::1:5432' is an IPv6 address without brackets | write [::1]:5432"],
    ['[::1', "target '[::1' is an IPv6 address without brackets | write [::1]:5432"],
    ['a:b:c', "target 'a:b:c' cannot be read | write host:port, [v6]:port or a URL"],
    ['[::1]x:80', "target '[::1]x:80' cannot be read | write host:port, [v6]:port or a URL"],
    ['[]:80', "target '[]:80' has no IPv6 address between its brackets | write [::1]:5432"],
    ['[10.0.0.5]:80', "target '[10.0.0.5]:80' has no IPv6 address between its brackets | write [::1]:5432"],
    ['[::1%]:80', "target '[::1%]:80' has no IPv6 address between its brackets | write [::1]:5432"],
    ['[fe80::1%a;b]:80', "target '[fe80::1%a;b]:80' has no IPv6 address between its brackets | write [::1]:5432"],
    [
      '-oProxyCommand:80',
      "target '-oProxyCommand:80' begins with a dash: that is no host name | options go before the targets",
    ],
    [
      'mysql://h',
      "unknown scheme 'mysql://' in target 'mysql://h' | known are tcp, tls, http, https, postgres, postgresql, redis, rediss",
    ],
    ['__proto__://h', "target '__proto__://h' has no valid port | a port is a number from 1 to 65535"],
    [
      'constructor://h',
      "unknown scheme 'constructor://' in target 'constructor://h' | known are tcp, tls, http, https, postgres, postgresql, redis, rediss",
    ],
    ['x'.repeat(2049), 'a target is longer than 2048 characters | null'],
  ])('refuses %j', (text, message) => {
    expect(outcome(text)).toBe(message);
  });

  test.each([
    'a b:80',
    'a..b:80',
    'a-:80',
    '256.256.256.256:80',
    `${'a'.repeat(64)}:80`,
    `${'abcdefg.'.repeat(32)}com:80`,
    // The URL standard would read another host than the one that stands there.
    'good.example/evil:80',
    'good.example?evil:80',
    'good.example#evil:80',
    'good.example\\evil:80',
    'https://good.example\\evil/',
    'ho\nst:80',
    'ho\tst:80',
    '%41.example:80',
    'a@b:80',
    'a／b:80',
  ])('finds no valid host name in %j', (text) => {
    expect(outcome(text)).toContain('has no valid host name | letters, digits, dots and dashes');
  });

  test('cuts a long text short in its message', () => {
    expect(outcome(`${'a'.repeat(200)}:80`)).toContain(`target '${'a'.repeat(77)}...' has no valid host name`);
  });
});

describe('a password', () => {
  const secret = 'Tr0ub4dor';

  test.each([
    `redis://:${secret}@h:6379`,
    `redis://user:${secret}@h`,
    `redis://user:${secret}@@h`,
    `postgres://${secret}@h/db`,
    `postgres://h/db?password=${secret}`,
    `https://h/path#${secret}`,
    // A raw slash ends the authority, so that the password counts as a path.
    `redis://user:123/${secret}@h`,
    `redis://user:1?${secret}@h`,
    `redis://user:1#${secret}@h`,
  ])('is not in the label of %s', (text) => {
    expect(JSON.stringify(parseTarget(text))).not.toContain(secret);
  });

  test.each([
    `user:${secret}@h:5432`,
    `:${secret}@h:6379`,
    `redis://user:${secret}@h:99999`,
    `redis://user:${secret}@`,
    `redis://user:x/${secret}@h`,
    `redis://user:${secret}\n@h:x`,
    `mysql://user:${secret}@h`,
    `postgres://h:99999/db?password=${secret}`,
    `postgres:///db?host=h&password=${secret}`,
    `https://user:a@${secret}@h h/`,
  ])('is not in the message about %j', (text) => {
    expect(outcome(text)).toEqual(expect.stringContaining(' | '));
    expect(outcome(text)).not.toContain(secret);
  });

  test('is in neither label nor message, wherever a URL is wrong', () => {
    const scheme = fc.constantFrom('redis', 'rediss', 'postgres', 'https', 'tcp', 'mysql');
    const password = fc.stringMatching(/^[!-~]{0,6}$/).map((text) => `${secret}${text}`);
    const host = fc.constantFrom('h', 'h:6379', 'h:x', '', '[::1]', '[x]:1', 'a b', '-h');
    const path = fc.constantFrom('', '/', '/db', '?a=b', '#x', '/a b');
    fc.assert(
      fc.property(scheme, fc.constantFrom('', 'user', '9'), password, host, path, (name, user, word, where, rest) => {
        expect(JSON.stringify(outcome(`${name}://${user}:${word}@${where}${rest}`))).not.toContain(secret);
      }),
      { numRuns: 1000 },
    );
  });
});

test('any text gives a target that can be connected to, or a UsageError', () => {
  const parts = fc.constantFrom(
    'a',
    'b.c',
    '1.2.3.4',
    '::1',
    '[',
    ']',
    ':',
    '@',
    '/',
    '//',
    '://',
    'https',
    '80',
    '%',
    '-',
    '.',
    ' ',
    '\0',
    '\n',
    '?',
    'ü',
  );
  const likely = fc.array(parts, { maxLength: 12 }).map((words) => words.join(''));
  const authority = fc.webAuthority({ withPort: true, withIPv4: true, withIPv6: true });
  // Not fc.webUrl(), which makes a table of all characters first, for its percent signs.
  const url = fc
    .tuple(fc.constantFrom('http', 'https'), authority, fc.stringMatching(/^(\/[\w.~%!$&'()*+,;=:@-]{0,8}){0,4}$/))
    .map(([scheme, host, path]) => `${scheme}://${host}${path}`);
  fc.assert(
    fc.property(fc.oneof(anyText(), url, likely), (text) => {
      const result = outcome(text);
      if (typeof result === 'string') return;
      expect(Number.isInteger(result.port) && result.port >= 1 && result.port <= 65_535).toBe(true);
      if (isIP(result.host) === 0) expect(result.host).toMatch(/^[a-z0-9_][a-z0-9_.-]*$/i);
    }),
    { numRuns: 3000 },
  );
});

describe('parseHttpTarget', () => {
  test.each<[text: string, path: string, label: string]>([
    ['http://h', '/', 'http://h'],
    ['HTTPS://H:8443/a/b?c=d#e', '/a/b?c=d', 'https://H:8443/a/b'],
    ['http://h?a b', '/?a%20b', 'http://h'],
    ['http://user:secret@h/a', '/a', 'http://h/a'],
    ['http://h/a/../b/%2e%2e/c', '/c', 'http://h/a/../b/%2e%2e/c'],
    ['http://[::1]:8000/ä', '/%C3%A4', 'http://[::1]:8000/ä'],
    ['http://[fe80::1%eth0]/x', '/x', 'http://[fe80::1%eth0]/x'],
    ['http://h/@scope/name', '/@scope/name', 'http://h'],
    ['http://h//evil.example/', '//evil.example/', 'http://h//evil.example/'],
  ])('reads %s: %s goes on the wire, and it is shown as %s', (text, path, label) => {
    expect(parseHttpTarget(text)).toMatchObject({ path, label });
  });

  test.each([
    '',
    'h:80',
    'tcp://h:80',
    'redis://user:secret@h',
    'http//h',
    'http://',
    'http://user:secret@',
    `http://h/${'a'.repeat(3000)}`,
  ])('refuses %s, and shows no password', (text) => {
    expect(() => parseHttpTarget(text)).toThrow(UsageError);
    expect(() => parseHttpTarget(text)).not.toThrow(/secret/);
  });

  test('any text gives a path that can be sent, or a UsageError', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), fc.string()), (text) => {
        try {
          expect(parseHttpTarget(`http://h/${text}`).path).toMatch(/^\/[\u0021-\u007e]*$/);
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
        }
      }),
    );
  });
});
