import { describe, expect, test } from 'vitest';
import { view } from '../../../src/commands/middleboxes/text.ts';
import { findPreset } from '../../../src/knowledge/find-middlebox.ts';
import { presets } from '../../../src/knowledge/middleboxes/registry.generated.ts';
import { bodyOf } from '../../rooms.ts';

const all = { search: null, presets: Object.values(presets) };

describe('viewMiddleboxes', () => {
  test('the table of all presets fits 80 columns, each on one line with its id whole', () => {
    const [table = []] = bodyOf(view, all);
    expect(table).toHaveLength(all.presets.length + 1);
    for (const { id } of all.presets) expect(table.some((line) => line.startsWith(`${id} `))).toBe(true);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('the table says how a preset ends, whether keepalive refreshes it and how sure that is', () => {
    const shown = ['juniper-srx-tcp', 'aws-alb', 'rfc5382-minimum', 'haproxy', 'openvpn-keepalive'].map(findPreset);
    expect(bodyOf(view, { search: null, presets: shown })[0]).toEqual([
      'id                 idle timeout  at expiry     refreshed  sure',
      'juniper-srx-tcp    30 m          silent drop   yes        read',
      'aws-alb            1 m           FIN           no         read',
      'rfc5382-minimum    2 h 4 m       unknown       ?          read',
      'haproxy            no default    FIN           no         read',
      'openvpn-keepalive  1 m (udp)     unknown       ?          recalled',
    ]);
  });

  test('a search with few matches shows each in full, within 80 columns but for URLs', () => {
    for (const preset of all.presets) {
      const [block = []] = bodyOf(view, { search: preset.id, presets: [preset] });
      expect(block[0]).toBe(preset.id);
      expect(block.join('\n')).toContain(preset.source ?? 'none');
      const tooLong = block.filter((line) => line.length > 80 && !line.includes('://'));
      expect(tooLong).toEqual([]);
    }
  });

  test('the details name range, way to configure, source and note', () => {
    const preset = findPreset('alibaba-clb-http');
    const { source } = preset;
    expect(bodyOf(view, { search: 'alibaba http', presets: [preset] })).toEqual([
      [
        'alibaba-clb-http',
        '  name               Alibaba Cloud CLB HTTP(S) listener',
        '  vendor             Alibaba Cloud, l7-proxy',
        '  idle timeout       15 s',
        '  range              from 1 s to 1 m',
        '  at expiry          FIN (recalled, check before you rely on it)',
        '  refreshed          not by keepalive probes (inferred from its kind)',
        '  configurable with  IdleTimeout',
        `  source             ${source}`,
        '  sure               read',
        '  note               15 s default.',
      ],
    ]);
  });

  test('nothing found shows nothing', () => {
    expect(bodyOf(view, { search: 'nothing', presets: [] })).toEqual([]);
  });
});
