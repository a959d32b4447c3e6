import { expect, test } from 'vitest';
import { rule } from '../../../src/connections/rules/certificate-not-trusted.ts';
import { unmeasured } from '../../../src/report/values.ts';
import { certificate, facts } from '../facts.ts';

const untrusted = (error: string | null, remainingMs: number | null = 1000) =>
  facts({ certificate: certificate({ trusted: false, error, remainingMs }) });

test.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', '(SELF_SIGNED_CERT_IN_CHAIN)'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', '(ERR_TLS_CERT_ALTNAME_INVALID)'],
  [null, '(unknown reason)'],
])('%s is an error that names subject and issuer', (error, reason) => {
  const message = expect.stringContaining(reason);
  expect(rule.judge(untrusted(error))).toEqual([
    { severity: 'error', message, evidence: { subject: 'CN=h', issuer: 'CN=Some CA', error }, remedy: [] },
  ]);
});

test.each([
  ['is still valid itself', 1000],
  ['ends in this moment', 0],
  ['has an unreadable date', null],
])('an expired chain is reported when the certificate %s', (_, remainingMs) => {
  const message = expect.stringContaining('or one that it rests on, has expired');
  expect(rule.judge(untrusted('CERT_HAS_EXPIRED', remainingMs))).toMatchObject([{ severity: 'error', message }]);
});

test('a certificate that has expired itself is left to certificate-near-expiry', () => {
  expect(rule.judge(untrusted('CERT_HAS_EXPIRED', -1))).toEqual([]);
});

test('what the user has excused is a warning', () => {
  const shown = certificate({ trusted: false, error: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(rule.judge(facts({ certificate: shown, excused: true }))).toMatchObject([{ severity: 'warning' }]);
});

test.each([
  ['it is trusted', certificate()],
  ['the handshake failed', { kind: 'handshake-failed', error: 'EPROTO' } as const],
  ['none was seen', unmeasured('no certificate')],
  ['TLS was not asked for', null],
])('says nothing when %s', (_, shown) => {
  expect(rule.judge(facts({ certificate: shown }))).toEqual([]);
});
