import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  WATCH_EVENTS,
  type WatchEvent,
  type WatchedConnection,
  type WatchView,
} from '../../../src/commands/watch/report.ts';
import { view } from '../../../src/commands/watch/text.ts';
import type { LiveEvent } from '../../../src/output/format.ts';
import { format as ndjson } from '../../../src/output/formats/ndjson.ts';
import { format as text } from '../../../src/output/formats/text.ts';
import type { RenderOptions } from '../../../src/output/render-options.ts';
import { watchEvent } from './watched.ts';

const renderEventText = (event: LiveEvent, options: RenderOptions): string => view.event?.(event, options) ?? '';
const renderView = (state: WatchView, options: RenderOptions, height: number): string[] =>
  view.screen?.(state, options, height) ?? [];

const plain: RenderOptions = { width: 80, color: false, unicode: false };
const coloured: RenderOptions = { ...plain, color: true };

describe('an event as a line', () => {
  test.each<[event: WatchEvent['event'], different: Partial<WatchEvent>, line: string]>([
    ['found', { connection: null, owner: null, evidence: { connections: 3 } }, 'found             3 connections'],
    [
      'found',
      { connection: null, owner: null, evidence: { connections: 0 } },
      'found             no connection yet: waiting',
    ],
    ['established', { owner: null }, 'established       10.0.0.1:40000 to 10.0.0.2:5432'],
    [
      'quiet',
      { evidence: { quietForMs: 60_000, lastAcknowledgedMs: 15_000 } },
      'quiet             10.0.0.1:40000 to 10.0.0.2:5432  python3[4711]  for 1 m, last heard 15 s ago',
    ],
    [
      'probe-unanswered',
      { owner: null, evidence: { unansweredProbes: 1, probeLimit: 9, lastAcknowledgedMs: 15_400 } },
      'probe-unanswered  10.0.0.1:40000 to 10.0.0.2:5432  1 of 9, last heard 15.4 s ago',
    ],
    [
      'probe-unanswered',
      { owner: null, evidence: { unansweredProbes: 1, probeLimit: null, probe: 'window', lastAcknowledgedMs: null } },
      'probe-unanswered  10.0.0.1:40000 to 10.0.0.2:5432  window probe 1 of ?',
    ],
    [
      'retransmitting',
      { owner: null, evidence: { retransmits: 2, unackedSegments: 1, lastAcknowledgedMs: 700 } },
      'retransmitting    10.0.0.1:40000 to 10.0.0.2:5432  2 times, 1 unacknowledged, last heard 700 ms ago',
    ],
    [
      'stalled',
      { owner: null, evidence: { unansweredProbes: 0, probeLimit: 9, retransmits: 3, lastAcknowledgedMs: null } },
      'stalled           10.0.0.1:40000 to 10.0.0.2:5432  3 retransmissions unanswered',
    ],
    [
      'reset',
      { owner: null, evidence: { segmentsReceived: 1, probesSent: 1, otherSegmentsSent: 0 } },
      'reset             10.0.0.1:40000 to 10.0.0.2:5432  a segment came that ended it, none but probes went',
    ],
    [
      'gone',
      { owner: null, evidence: { lastState: 'established', stillHeldByItsProcess: true } },
      'gone              10.0.0.1:40000 to 10.0.0.2:5432  how is not known, its process still holds it, as after a reset',
    ],
    [
      'not-connected',
      { connection: null, owner: null, evidence: { error: 'ECONNREFUSED' } },
      'not-connected     ECONNREFUSED',
    ],
  ])('%s', (event, different, line) => {
    expect(renderEventText(watchEvent(event, different), plain)).toBe(`03:04:17.006Z  ${line}\n`);
  });

  test.each(WATCH_EVENTS)('of %s without any evidence is still one line, with colours the same', (event) => {
    const line = renderEventText(watchEvent(event, { evidence: {} }), plain);
    expect(line).toMatch(/^03:04:17\.006Z {2}[a-z-]+ .*\n$/);
    expect(stripVTControlCharacters(renderEventText(watchEvent(event), coloured))).toBe(line);
  });

  test.each(Object.entries({ text, ndjson }))('as %s holds no control character from outside', (_, format) => {
    const hostile = watchEvent('failed', {
      owner: { pid: 1, command: 'a\u001b]0;x\u0007\u202e' },
      evidence: { error: 'E\n\u0085\u2028' },
    });
    const text = format.event?.(hostile, view, plain) ?? '';
    expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
    expect(text.endsWith('\n')).toBe(true);
  });

  test('as ndjson is the event itself', () => {
    const event = watchEvent('stalled', { evidence: { unansweredProbes: 3 } });
    expect(JSON.parse(ndjson.event?.(event, view, plain) ?? '')).toEqual(event);
  });
});

describe('the table of a terminal', () => {
  const row = (different: Partial<WatchedConnection> = {}): WatchedConnection => ({
    ...{ local: '10.0.0.1:40000', remote: '10.0.0.2:5432', owner: { pid: 4711, command: 'python3' } },
    ...{ state: 'established', condition: 'fine', quietForMs: 61_000, lastAcknowledgedMs: 10 },
    ...{ unansweredProbes: 0, probeLimit: null, retransmits: 0 },
    ...different,
  });
  const view = (rows: WatchedConnection[], connections = rows.length) => ({
    ...{ atMs: 61_999, subject: '--pid 4711', connections, troubled: 1, rows },
  });

  test('says in one line what is watched, then each connection', () => {
    const stalled = row({ condition: 'stalled', unansweredProbes: 3, probeLimit: 9 });
    expect(renderView(view([stalled, row()]), { ...plain, width: 100 }, 10)).toEqual([
      'watching --pid 4711 for 1 m 1 s: 2 connections, 1 not fine',
      'x 10.0.0.1:40000 to 10.0.0.2:5432 python3[4711] stalled     probe 3 of 9 quiet 1 m 1 s',
      '+ 10.0.0.1:40000 to 10.0.0.2:5432 python3[4711] established              quiet 1 m 1 s',
    ]);
  });

  test('leaves out whole columns where there is no room for them, and cuts none in half', () => {
    const stalled = row({ condition: 'stalled', unansweredProbes: 3, probeLimit: 9 });
    const at = (width: number) => renderView(view([stalled]), { ...plain, width }, 10)[1];
    expect(at(72)).toBe('x 10.0.0.1:40000 to 10.0.0.2:5432 python3[4711] stalled probe 3 of 9');
    expect(at(60)).toBe('x 10.0.0.1:40000 to 10.0.0.2:5432 stalled probe 3 of 9');
    expect(at(50)).toBe('x 10.0.0.1:40000 to 10.0.0.2:5432 stalled');
  });

  test.each([
    [1, 1],
    [2, 2],
    [10, 10],
  ])('never has more than the %i lines that there are', (height, expected) => {
    const rows = Array.from({ length: 50 }, () => row());
    const lines = renderView(view(rows, 1000), plain, height);
    expect(lines).toHaveLength(expected);
    if (height > 2) expect(lines.at(-1)).toBe('and 992 more');
  });

  test('has no line that the terminal would wrap, however long the names', () => {
    const long = row({ remote: `[${'2001:db8:1234:5678:9abc:def0:1234:5678'}]:50051` });
    for (const width of [20, 40, 80])
      for (const line of renderView(view([long]), { ...coloured, width }, 10))
        expect(stripVTControlCharacters(line).length).toBeLessThan(width);
  });
});
