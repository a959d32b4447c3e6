import { expect, test } from 'vitest';
import { type HopSyntax, linesFor, poolIdleOnceReusedMs } from '../../../src/commands/chain/write.ts';

const probes = { enabled: true, idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0 };
const of = (sender: HopSyntax | null, receiver: HopSyntax | null = null) => ({ sender, receiver });
const stack = (id: string): HopSyntax => ({ kind: 'stack', id });

test('each end is written in its own syntax', () => {
  const syntax = of(stack('nginx'), stack('gunicorn'));
  expect(linesFor(syntax, 'sender', { set: 'pool-idle', ms: 28_500 })).toEqual(['keepalive_timeout 28s;']);
  expect(linesFor(syntax, 'receiver', { set: 'idle-close', ms: 64_500 })).toEqual(['keepalive = 65']);
  expect(linesFor(syntax, 'receiver', { set: 'idle-close', ms: 64_500 }, 'command-line')).toEqual(['--keep-alive 65']);
});

test('TCP keepalive of a sender is about the next hop, that of a receiver about accepted connections', () => {
  const syntax = of(stack('nginx'), stack('nginx'));
  expect(linesFor(syntax, 'sender', { set: 'tcp-keepalive', keepalive: probes })[0]).toBe('proxy_socket_keepalive on;');
  expect(linesFor(syntax, 'receiver', { set: 'tcp-keepalive', keepalive: probes })).toEqual([
    'listen PORT so_keepalive=60s:15s:4;',
  ]);
});

test('a library that is no HTTP server has the lines of its TCP keepalive', () => {
  const lines = linesFor(of(stack('python-requests')), 'sender', { set: 'tcp-keepalive', keepalive: probes });
  expect(lines.join('\n')).toContain('TCPKeepAliveAdapter');
});

test('a configuration of nginx has its own lines for reuse, and says where its upstream block stands', () => {
  const own = of({ kind: 'nginx', reuse: ['keepalive 32;'], poolBlock: '# in upstream app at nginx.conf:3' });
  expect(linesFor(own, 'sender', { set: 'reuse' })).toEqual(['keepalive 32;']);
  expect(linesFor(own, 'sender', { set: 'pool-idle', ms: 28_000 })).toEqual([
    '# in upstream app at nginx.conf:3',
    'keepalive_timeout 28s;',
  ]);
  expect(poolIdleOnceReusedMs(own.sender)).toBe(60_000);
});

test('a preset names its setting, if it has one', () => {
  const syntax = of({ kind: 'preset', configurableWith: 'idle_timeout.timeout_seconds' });
  expect(linesFor(syntax, 'sender', { set: 'pool-idle', ms: 1000 })).toEqual(['# idle_timeout.timeout_seconds']);
  const fixed = of({ kind: 'preset', configurableWith: null });
  expect(linesFor(fixed, 'sender', { set: 'pool-idle', ms: 1000 })).toEqual([]);
});

test('nothing is written where the product has no such setting, or is not known', () => {
  expect(linesFor(of(stack('gunicorn')), 'sender', { set: 'pool-size', count: 8 })).toEqual([]);
  expect(linesFor(of(stack('no-such-stack')), 'sender', { set: 'reuse' })).toEqual([]);
  expect(linesFor(of(null), 'sender', { set: 'reuse' })).toEqual([]);
  expect(poolIdleOnceReusedMs(null)).toBeNull();
});
