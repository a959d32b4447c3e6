import { describe, expect, test } from 'vitest';
import { renderText } from '../../../src/renderers/text.ts';
import { report as both } from '../../fixtures/reports/measure-both.ts';
import { report as forgotten } from '../../fixtures/reports/measure-forgotten.ts';

const page = { width: 80, color: false, unicode: true };

describe('a measured idle timeout as text', () => {
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
    expect(text).toContain('measured         3 silences from 5 s to 20 s, with 63 connections at once, in');
    expect(text.match(/^(this side|far end) first\nlived/gm)).toEqual([
      'this side first\nlived',
      'far end first\nlived',
    ]);
    expect(text).not.toContain('first request');
  });
});
