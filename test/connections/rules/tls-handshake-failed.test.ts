import { expect, test } from 'vitest';
import { rule } from '../../../src/connections/rules/tls-handshake-failed.ts';
import { unmeasured } from '../../../src/report/values.ts';
import { certificate, facts } from '../facts.ts';

test('a failed handshake is an error that names its reason', () => {
  expect(rule.judge(facts({ certificate: { kind: 'handshake-failed', error: 'EPROTO' } }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { error: 'EPROTO' },
      remedy: [],
    },
  ]);
});

test.each([
  ['a certificate was presented', certificate({ trusted: false, error: 'CERT_UNTRUSTED' })],
  ['none was seen', unmeasured('the server presented no certificate')],
  ['TLS was not asked for', null],
])('says nothing when %s', (_, shown) => {
  expect(rule.judge(facts({ certificate: shown }))).toEqual([]);
});
