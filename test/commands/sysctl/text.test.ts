import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sysctlFrom } from '../../../src/commands/sysctl/command.ts';
import { view as sysctlView } from '../../../src/commands/sysctl/text.ts';
import { readSysctl } from '../../../src/linux/sysctl.ts';
import { bodyOf, runRoom } from '../../rooms.ts';

const ROOT = fileURLToPath(new URL('../../fixtures/proc-sys/', import.meta.url));

async function view(fixture: string, argv: string[] = [], width = 80): Promise<string[]> {
  const module = sysctlFrom({
    read: (name) => readSysctl(name, ROOT + fixture),
    inNetworkNamespaceOf: async (_pid, look) => look(),
  });
  const { data } = await runRoom(module, argv);
  return bodyOf(sysctlView, data, { width }).flat();
}

describe('viewSysctl', () => {
  test.each([
    'stock-6.18-conntrack-loaded',
    'old-kernel-without-newer-settings',
    'tuned-with-short-conntrack',
    'keepalive-hidden',
    'values-are-no-numbers',
  ])('fits 80 columns and cuts no word: %s', async (fixture) => {
    const lines = await view(fixture, ['--recommend', '--middlebox', 'juniper-srx-tcp']);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.join('\n')).not.toContain('…');
  });

  test('writes every setting’s name whole, present or not', async () => {
    const { data } = await runRoom(
      sysctlFrom({
        read: () => ({ kind: 'unreadable', errno: 'ENOENT', reason: 'x' }),
        inNetworkNamespaceOf: async (_pid, look) => look(),
      }),
      [],
    );
    for (const fixture of ['stock-6.18-conntrack-loaded', 'keepalive-hidden']) {
      const words = (await view(fixture)).join('\n').split(/[\s,:]+/);
      for (const { name } of data.settings) expect(words).toContain(name.split('.').at(-1));
    }
  });

  test('shortens a list of ports that would take the line', async () => {
    const ports = Array.from({ length: 500 }, (_, i) => 20_000 + 2 * i).join(',');
    const { data } = await runRoom(
      sysctlFrom({
        read: () => ({ kind: 'text', text: ports }),
        inNetworkNamespaceOf: async (_pid, look) => look(),
      }),
      [],
    );
    const lines = bodyOf(sysctlView, data).flat();
    expect(lines.join('\n')).toContain('20000,20002,20004,... * (none)');
  });

  test('marks a value that differs, with the default beside it', async () => {
    expect((await view('tuned-with-short-conntrack')).join('\n')).toContain('300 s * (7200)');
  });

  test('says plainly that only sockets with SO_KEEPALIVE are touched', async () => {
    expect((await view('stock-6.18-conntrack-loaded')).join(' ').replace(/\s+/g, ' ')).toContain(
      'touches only sockets with SO_KEEPALIVE on',
    );
  });

  test('ends with the sysctl.d file, unindented', async () => {
    const lines = await view('stock-6.18-conntrack-loaded', ['--recommend', '--middlebox-timeout', '6m']);
    expect(lines.slice(-3)).toEqual([
      'net.ipv4.tcp_keepalive_time = 120',
      'net.ipv4.tcp_keepalive_intvl = 15',
      'net.ipv4.tcp_keepalive_probes = 4',
    ]);
  });
});
