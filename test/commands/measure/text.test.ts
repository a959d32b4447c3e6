import { describe, expect, test } from 'vitest';
import type { AgeTest } from '../../../src/commands/measure/report.ts';
import { report as both } from '../../fixtures/reports/measure-both.ts';
import { report as forgotten } from '../../fixtures/reports/measure-forgotten.ts';
import { report as nothing } from '../../fixtures/reports/measure-nothing.ts';
import { renderText } from '../../rooms.ts';

const page = { width: 80, color: false, unicode: true };

describe('a measured idle timeout as text', () => {
  test('does not say that every connection lived when some were outvoted', () => {
    const tested = { plannedMs: 5000, ageMs: 5000, atMs: 5000 };
    const [alive, stalled] = [{ ...tested, outcome: 'alive' } as const, { ...tested, outcome: 'stalled' } as const];
    const data = { ...nothing.data, idleTimeout: { lowerMs: 5000, upperMs: null, outcome: 'alive' } as const };
    const line = (tests: AgeTest[]) =>
      /none up to .*/.exec(renderText({ ...nothing, data: { ...data, tests } }, page))?.[0];
    expect(line([alive, alive])).toBe('none up to 5 s: every connection lived');
    expect(line([alive, stalled, alive])).toBe('none up to 5 s: all but 1 of 3 connections lived');
  });

  test('shows each candidate with what tells it from the others, and what changes its timeout', () => {
    expect(renderText(forgotten, page)).toContain(`
Products whose default lies there:
  aws-nlb-tcp  5 m · l4-lb · drops · refreshed by keepalive
    set with: modify-listener-attributes tcp.idle_timeout.seconds
  some-box     5 m · firewall · resets, unlike here

What tells them apart:
  what the box does when it has forgotten: drops in silence: aws-nlb-tcp;
    sends a RST: some-box
`);
  });

  test('shows both brackets and both ladders when each side spoke first', () => {
    const text = renderText(both, page);
    expect(text).toContain('  this side first  none up to 20 s: every connection lived\n');
    expect(text).toContain('  far end first    more than 10.6 s, at most 11.1 s; then dropped in silence\n');
    expect(text).toContain('measured         3 silences from 10.6 s to 20 s, with 63 connections at once,');
    expect(text.match(/^(this side|far end) first\nlived/gm)).toEqual([
      'this side first\nlived',
      'far end first\nlived',
    ]);
    expect(text).not.toContain('first request');
  });
});
