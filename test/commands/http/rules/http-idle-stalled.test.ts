import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/http-idle-stalled.ts';
import { httpServer, idleSample } from '../../../helpers/http-server.ts';

test('connections that no longer answer are an error, with how many and after how long', () => {
  const samples = [
    idleSample({ outcome: 'stalled', idleMs: 120_010 }),
    idleSample({ outcome: 'stalled', idleMs: 120_000 }),
    idleSample(),
  ];
  expect(rule.judge(httpServer({ idleSamples: samples }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { idleMs: 120_000, stalled: 2, connections: 3 },
      remedy: ['# find the box and its timeout: kaprobe measure, with --locate, on the same URL'],
    },
  ]);
});

test.each([
  ['all were closed', httpServer()],
  ['nobody waited', httpServer({ idleClose: null, idleSamples: [] })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
