import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atLeast, type Finding, SEVERITIES, type Severity } from '../../src/report/finding.ts';
import { decideVerdict, type Gap, type Outcome, sealReport, type Verdict } from '../../src/report/report.ts';
import { unmeasured } from '../../src/report/values.ts';

const finding = (severity: Severity): Finding => ({
  rule: 'some-rule',
  severity,
  subject: 'h:1',
  message: 'something is wrong',
  evidence: {},
  remedy: [],
});
const gap: Gap = { subject: 'h:1', what: 'certificate', reason: 'no TLS session' };

const outcome = (severities: readonly Severity[], gaps: Gap[]): Outcome => ({
  data: { search: null, presets: [] },
  findings: severities.map(finding),
  gaps,
});

const seal = (severities: readonly Severity[], gaps: Gap[], failOn: Severity) =>
  sealReport('check', outcome(severities, gaps), {
    version: '1.2.3',
    startedAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
    durationMs: 42,
    failOn,
  });

describe('sealReport', () => {
  test('puts the envelope around the outcome', () => {
    expect(seal(['info'], [], 'error')).toEqual({
      schemaVersion: '1.0',
      tool: { name: 'kaprobe', version: '1.2.3' },
      command: 'check',
      startedAt: '2026-01-02T03:04:05.006Z',
      durationMs: 42,
      data: { search: null, presets: [] },
      findings: [finding('info')],
      gaps: [],
      verdict: 'ok',
      exitCode: 0,
    });
  });

  test.each<[severities: Severity[], gaps: Gap[], failOn: Severity, verdict: Verdict, exitCode: number]>([
    [[], [], 'error', 'ok', 0],
    [['info'], [], 'error', 'ok', 0],
    [['info'], [], 'warning', 'ok', 0],
    [['info'], [], 'info', 'findings', 1],
    [['warning'], [], 'error', 'findings', 0],
    [['warning'], [], 'warning', 'findings', 1],
    [['warning'], [], 'info', 'findings', 1],
    [['error'], [], 'error', 'findings', 1],
    [['error'], [], 'warning', 'findings', 1],
    [['error'], [], 'info', 'findings', 1],
    [['info', 'error', 'warning'], [], 'error', 'findings', 1],
    [[], [gap], 'error', 'unmeasured', 2],
    [['info'], [gap], 'error', 'unmeasured', 2],
    [['info'], [gap], 'info', 'findings', 1],
    [['warning'], [gap], 'error', 'findings', 2],
    [['warning'], [gap], 'warning', 'findings', 1],
    [['error'], [gap], 'error', 'findings', 1],
  ])(
    'findings %j and gaps %j with --fail-on %s give %s and exit code %d',
    (severities, gaps, failOn, verdict, exitCode) => {
      expect(seal(severities, gaps, failOn)).toMatchObject({ verdict, exitCode });
      expect(decideVerdict(severities.map(finding), gaps, failOn)).toBe(verdict);
    },
  );

  test('never exits with 0 when something was not measured, and never with 1 without a finding at the level', () => {
    const severity = fc.constantFrom(...SEVERITIES);
    fc.assert(
      fc.property(fc.array(severity), fc.array(fc.constant(gap)), severity, (severities, gaps, failOn) => {
        const { exitCode, verdict } = seal(severities, gaps, failOn);
        expect(exitCode === 1).toBe(severities.some((each) => atLeast(each, failOn)));
        if (gaps.length > 0) expect(exitCode).not.toBe(0);
        if (verdict === 'ok') expect(exitCode).toBe(0);
        if (verdict === 'unmeasured') expect(exitCode).toBe(2);
      }),
    );
  });
});

test.each<[severity: Severity, threshold: Severity, expected: boolean]>([
  ['info', 'info', true],
  ['info', 'warning', false],
  ['warning', 'info', true],
  ['warning', 'warning', true],
  ['warning', 'error', false],
  ['error', 'warning', true],
  ['error', 'error', true],
])('that %s is at least as grave as %s is %s', (severity, threshold, expected) => {
  expect(atLeast(severity, threshold)).toBe(expected);
});

test('an unmeasured value carries its reason', () => {
  expect(unmeasured('no rights')).toEqual({ kind: 'unmeasured', reason: 'no rights' });
});
