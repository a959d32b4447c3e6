import { expect, test } from 'vitest';
import type { AnyReport } from '../../../src/commands/index.ts';
import type { RenderOptions } from '../../../src/output/render-options.ts';
import { judgedChain } from '../../helpers/judged-chain.ts';
import { reports } from '../../helpers/reports.ts';
import { renderText } from '../../rooms.ts';
import { appHop, boxHop, clientHop, given, NOT_KNOWN, proxyHop } from './hops.ts';

const options: RenderOptions = { width: 80, color: false, unicode: true };
const textOf = (report: AnyReport | undefined, different: Partial<RenderOptions> = {}): string => {
  if (report === undefined) throw new Error('the fixture is gone');
  return renderText(report, { ...options, ...different });
};
const blockOf = (text: string, start: string): string =>
  text.split('\n\n').find((block) => block.startsWith(start)) ?? `no block begins with ${start}`;

test('hops stand in one row, a mark on each way, and what each does with idle connections below', () => {
  const text = textOf(reports['chain-broken']);
  expect(blockOf(text, 'shop')).toBe(
    [
      'shop ───!────▶ nginx ───────✗───────▶ gunicorn',
      'pools nothing  closes after 1 m 15 s  closes after 2 s',
      '               pools for 1 m',
    ].join('\n'),
  );
  expect(text).toContain('  ✗ nginx → gunicorn  nginx keeps idle connections 1 m, gunicorn closes them');
});

test('without unicode the same signs are ASCII', () => {
  expect(blockOf(textOf(reports['chain-broken'], { unicode: false }), 'shop').split('\n')[0]).toBe(
    'shop ---!----> nginx -------x-------> gunicorn',
  );
});

test('hops that do not fit stand below each other, with the reason on each way', () => {
  expect(blockOf(textOf(reports['chain-long']), 'mobile').split('\n').slice(0, 7)).toEqual([
    'mobile-application',
    '│ pools for ever',
    '✗ carrier-grade-nat forgets after 30 s',
    '▼',
    'carrier-grade-nat',
    '│ forgets after 30 s',
    '✗ mobile-application never gives up an idle connection, edge-load-balancer',
  ]);
});

test('a way with something unknown has a question mark, and so has the value', () => {
  const text = textOf(judgedChain([{ route: null, hops: [proxyHop({ poolIdleMs: NOT_KNOWN }), appHop()] }]));
  expect(text).toContain('proxy ───────?───────▶ app');
  expect(text).toContain('pools for ?');
  expect(text).toContain('proxy  pool idle   ?         not known: nobody said');
});

test('a middlebox says after how long it forgets, a server whether it closes at all', () => {
  const hops = [clientHop(), boxHop(350_000), appHop({ reuse: given(false) })];
  const text = textOf(judgedChain([{ route: null, hops }]));
  expect(text).toContain('forgets after 5 m 50 s');
  expect(text).toContain('closes at once');
});

test('several routes are drawn one by one, and what they share is said once', () => {
  const text = textOf(reports['chain-routes']);
  expect(text.match(/^shop\.example/gm)).toHaveLength(2);
  expect(text.match(/^app +idle close/gm)).toHaveLength(1);
  expect(text.match(/^proxy +(pool idle|reuses)/gm)).toHaveLength(2);
});

test('a measured value stands beside the configured one', () => {
  const text = textOf(reports['chain-aligned']);
  expect(text).toContain('app    idle close  1 m 15 s  measured at http://10.0.0.5:8000/');
  expect(text).toContain('app    configured  1 m 15 s  gunicorn.conf.py:3 keepalive');
});
