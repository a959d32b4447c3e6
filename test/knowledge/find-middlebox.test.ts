import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/base/errors.ts';
import { findPreset, searchPresets, toMiddlebox } from '../../src/knowledge/find-middlebox.ts';
import { presets } from '../../src/knowledge/middleboxes/registry.generated.ts';
import { anyText } from '../any-text.ts';

/** The UsageError that looking this id up ends in; fails the test when it ends otherwise. */
function refusal(id: string): UsageError {
  try {
    findPreset(id);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`'${id}' is a preset`);
}

describe('findPreset', () => {
  test('finds every preset by its id', () => {
    for (const id of Object.keys(presets)) expect(findPreset(id).id).toBe(id);
  });

  test.each([
    [
      'srx',
      'did you mean juniper-srx-tcp or juniper-srx-junos-http or juniper-srx-junos-telnet? see kaprobe middleboxes',
    ],
    ['junpier-srx-tcp', 'did you mean juniper-srx-tcp? see kaprobe middleboxes'],
    ['aws-nbl-tcp', 'did you mean aws-nlb-tcp'],
    ['cisco_asa', 'did you mean cisco-asa'],
    ['AWS-NAT-Gateway', 'did you mean aws-nat-gateway? see kaprobe middleboxes'],
    ['fortigate', 'did you mean fortinet-fortigate? see kaprobe middleboxes'],
  ])('suggests for %s what was probably meant', (id, hint) => {
    expect(refusal(id).hint).toContain(hint);
  });

  test.each(['', 'x', 'qqqqqqqq', 'a'.repeat(10_000)])('suggests nothing where nothing is near (%#)', (id) => {
    expect(refusal(id).hint).toBe('see kaprobe middleboxes');
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('takes %s for an unknown id', (id) => {
    expect(refusal(id).message).toBe(`unknown middlebox '${id}'`);
  });

  test('keeps control characters out of the message', () => {
    expect(refusal('a\u001b[2J\r\n\u202eb').message).toBe("unknown middlebox 'a?[2J???b'");
  });

  test('quotes only the beginning of a long id', () => {
    expect(refusal('x'.repeat(10_000)).message).toBe(`unknown middlebox '${'x'.repeat(37)}...'`);
  });

  test('gives a preset or a UsageError for any text, nothing else', () => {
    const ids = fc.constantFrom(...Object.keys(presets));
    const nearIds = fc
      .tuple(ids, fc.string(), fc.nat(30))
      .map(([id, text, at]) => id.slice(0, at) + text + id.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(anyText({ maxLength: 300 }), nearIds, ids), (id) => {
        if (Object.hasOwn(presets, id)) {
          expect(findPreset(id).id).toBe(id);
          return;
        }
        const { message, hint } = refusal(id);
        expect(message.length).toBeLessThan(80);
        expect(message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(hint).toContain('see kaprobe middleboxes');
      }),
    );
  });
});

describe('searchPresets', () => {
  const idsFor = (...words: string[]): string[] => searchPresets(words).map(({ id }) => id);

  test('without words returns all presets', () => {
    expect(idsFor()).toEqual(Object.keys(presets));
  });

  test('finds words in any case, in vendor, name, id and kind together', () => {
    expect(idsFor('JUNIPER', 'firewall', 'telnet')).toEqual(['juniper-srx-junos-telnet']);
  });

  test('does not find a preset whose note alone mentions a word that others are named after', () => {
    expect(presets['gcp-cloud-nat']?.note).toContain('firewall');
    expect(idsFor('google', 'firewall')).toEqual(['gcp-vpc-firewall']);
  });

  test('looks into the notes when no name matches', () => {
    expect(idsFor('nf_flowtable')).toEqual(['linux-nf-conntrack']);
  });

  test.each([['__proto__'], ['\u0000'], ['x'.repeat(10_000)]])('finds nothing for hostile words (%#)', (word) => {
    expect(idsFor(word)).toEqual([]);
  });

  test('narrows down to at most three presets for every id, which are few enough to be shown in full', () => {
    for (const id of Object.keys(presets)) {
      expect(idsFor(id)).toContain(id);
      expect(idsFor(id).length, id).toBeLessThanOrEqual(3);
    }
  });
});

describe('toMiddlebox', () => {
  test('carries over what the rules need', () => {
    expect(toMiddlebox(findPreset('aws-clb'))).toEqual({
      kind: 'preset',
      productKind: 'l7-proxy',
      id: 'aws-clb',
      name: 'AWS Classic Load Balancer',
      idleTimeoutMs: 60_000,
      keepaliveRefreshes: false,
      confidence: 'verified-by-reading',
      source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html',
      configurableWith: 'ConnectionSettings.IdleTimeout',
    });
  });

  test.each(['haproxy', 'render-proxy'])('refuses %s, which has no default idle timeout', (id) => {
    const hint = 'give the configured one with --middlebox-timeout, such as --middlebox-timeout 5m';
    const refusal = new UsageError(`middlebox '${id}' has no default idle timeout`, hint);
    expect(() => toMiddlebox(findPreset(id))).toThrow(refusal);
  });

  test.each(['openvpn-keepalive', 'wireguard-persistent-keepalive'])('refuses %s, which is about UDP', (id) => {
    expect(() => toMiddlebox(findPreset(id))).toThrow(`middlebox '${id}' is about UDP, not about TCP connections`);
  });

  test('gives a middlebox with a timeout for every preset that has one', () => {
    for (const preset of Object.values(presets)) {
      if (preset.protocol === 'tcp' && preset.idleTimeoutMs !== null) {
        expect(toMiddlebox(preset).idleTimeoutMs).toBe(preset.idleTimeoutMs);
      }
    }
  });
});
