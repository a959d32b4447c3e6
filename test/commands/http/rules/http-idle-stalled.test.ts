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
      message:
        'after 2 m of silence 2 of 3 idle connections no longer answer, and nobody closed them: a request on one would wait in vain',
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
