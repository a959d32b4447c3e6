import { describe, expect, test } from 'vitest';
import { matchesOf, type Seen, tellApart } from '../../../src/commands/measure/candidates.ts';
import { presets } from '../../../src/knowledge/middleboxes/registry.generated.ts';
import type { MiddleboxPreset } from '../../../src/knowledge/preset.ts';

const preset = (different: Partial<MiddleboxPreset>): MiddleboxPreset => ({
  id: 'box',
  name: 'Box',
  vendor: 'Maker',
  kind: 'firewall',
  protocol: 'tcp',
  idleTimeoutMs: 300_000,
  legs: null,
  rangeMs: null,
  closing: null,
  expiry: { behaviour: 'silent-drop', confidence: 'recalled' },
  configurableWith: null,
  source: null,
  note: '',
  confidence: 'recalled',
  keepalive: { refreshes: true, basis: 'read' },
  ...different,
});
const seen = (different: Partial<Seen> = {}): Seen => ({
  lowerMs: 299_000,
  upperMs: 301_000,
  outcome: 'stalled',
  keepaliveRefreshes: true,
  ...different,
});
const rst = { behaviour: 'rst', confidence: 'recalled' } as const;

describe('the candidates', () => {
  test('are those whose default lies in the bracket or a hundredth beside it, and count TCP', () => {
    const boxes = [295_000, 296_500, 300_000, 303_500, 305_000].map((idleTimeoutMs) =>
      preset({ id: String(idleTimeoutMs), idleTimeoutMs }),
    );
    const other = [preset({ id: 'udp', protocol: 'udp' }), preset({ id: 'none', idleTimeoutMs: null })];
    const ids = matchesOf([...boxes, ...other], seen()).map(({ id }) => id);
    expect(ids).toEqual(['296500', '300000', '303500']);
  });

  test('begin with those that do what was seen', () => {
    const boxes = [
      preset({ id: 'resets', expiry: rst }),
      preset({ id: 'is not refreshed', keepalive: { refreshes: false, basis: 'read' } }),
      preset({ id: 'unknown', expiry: { behaviour: 'unknown', confidence: 'recalled' } }),
      preset({ id: 'agrees' }),
    ];
    const found = matchesOf(boxes, seen());
    expect(found.map(({ id, agrees }) => [id, agrees])).toEqual([
      ['agrees', true],
      ['unknown', null],
      ['resets', false],
      ['is not refreshed', true],
    ]);
  });

  test('are not judged by what the far end alone could see', () => {
    expect(matchesOf([preset({ expiry: rst })], seen({ outcome: null }))[0]?.agrees).toBeNull();
  });
});

describe('what tells candidates apart', () => {
  const apart = (boxes: MiddleboxPreset[], what = seen()): string[] => tellApart(matchesOf(boxes, what), what);

  test('is each property in which they differ, beside what was seen', () => {
    const boxes = [
      preset({ id: 'a' }),
      preset({
        id: 'b',
        kind: 'l4-lb',
        expiry: rst,
        idleTimeoutMs: 301_000,
        keepalive: { refreshes: false, basis: 'read' },
      }),
    ];
    expect(apart(boxes)).toEqual([
      'what the box does when it has forgotten: drops in silence: a; sends a RST: b; here it drops in silence',
      'whether TCP keepalive refreshes it: refreshed: a; not refreshed: b; here it is refreshed',
      'the exact timeout, with a finer --resolution: 5 m: a; 5 m 1 s: b',
      'the hop, which --locate looks for: a is anywhere on the way; b is just before the server',
    ]);
  });

  test('is nothing where they are alike, where it is not known, or where there is one', () => {
    expect(apart([preset({ id: 'a' }), preset({ id: 'b' })])).toEqual([]);
    const unknown = {
      expiry: { behaviour: 'unknown', confidence: 'recalled' },
      keepalive: { refreshes: null, basis: 'unknown' },
    } as const;
    expect(apart([preset({ id: 'a' }), preset({ id: 'b', ...unknown })])).toEqual([]);
    expect(apart([preset({})])).toEqual([]);
  });

  test('can be said of all presets that share a timeout', () => {
    const all: MiddleboxPreset[] = Object.values(presets);
    for (const timeoutMs of new Set(all.flatMap(({ idleTimeoutMs }) => idleTimeoutMs ?? []))) {
      const what = seen({ lowerMs: timeoutMs, upperMs: timeoutMs, outcome: 'reset', keepaliveRefreshes: null });
      for (const sentence of apart(all, what)) expect(sentence).not.toMatch(/undefined|\.$/);
    }
  });
});
