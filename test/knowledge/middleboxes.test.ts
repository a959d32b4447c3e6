import { describe, expect, test } from 'vitest';
import { presets } from '../../src/knowledge/middleboxes/registry.generated.ts';

const all = Object.entries(presets);

test('of the proxies only those have no legs whose timeout is not about idle HTTP connections', () => {
  const without = all.filter(([, { kind, legs }]) => kind === 'l7-proxy' && legs === undefined).map(([id]) => id);
  expect(without).toEqual([
    'azure-app-service-inbound', // of a request without response data
    'haproxy', // no default
    'heroku-router-stream', // between bytes of a response
    'nginx-proxy-read', // between bytes of a response
    'render-proxy', // not published
  ]);
});

describe.each(all)('preset %s', (id, preset) => {
  test('has the id that its file is named after', () => {
    expect(preset.id).toBe(id);
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test('has a positive idle timeout, or none', () => {
    if (preset.idleTimeoutMs === null) return;
    expect(Number.isSafeInteger(preset.idleTimeoutMs)).toBe(true);
    expect(preset.idleTimeoutMs).toBeGreaterThan(0);
  });

  test('has its default within the range where it can be set', () => {
    if (preset.rangeMs === null) return;
    const [from, to] = preset.rangeMs;
    expect(from).toBeGreaterThanOrEqual(0);
    expect(from).toBeLessThan(to);
    if (preset.idleTimeoutMs === null) return;
    expect(preset.idleTimeoutMs).toBeGreaterThanOrEqual(from);
    expect(preset.idleTimeoutMs).toBeLessThanOrEqual(to);
  });

  test('has a web address as its source, or none', () => {
    if (preset.source.url === null) return;
    expect(['http:', 'https:']).toContain(new URL(preset.source.url).protocol);
  });

  test('is verified by reading only where there is an address to read at', () => {
    if (preset.source.confidence !== 'verified-by-reading') return;
    expect(preset.source.url).not.toBeNull();
  });

  test('says between which ends its idle timeout holds only if it stands between two connections', () => {
    if (preset.legs !== undefined) expect(preset.kind).toBe('l7-proxy');
  });

  test('says nothing about keepalive exactly when the basis is unknown', () => {
    expect(preset.keepalive.refreshes === null).toBe(preset.keepalive.basis === 'unknown');
  });
});
