import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';
import type { LabOptions } from '../../src/commands/lab/options.ts';

import { findServer, startNginx } from '../real-servers.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const obstacle =
  ability.kind !== 'available'
    ? `no lab here: ${ability.reason}`
    : findServer('nginx') === null
      ? 'needs nginx: install nginx-light'
      : null;

/** Asks a real nginx behind a real firewall. */
async function askBehind(
  options: LabOptions,
  keepaliveTimeout: string,
  args: readonly string[],
): Promise<ReportOf<'http'>> {
  await using lab: Lab = await createLab(options);
  const server = await startNginx({
    port: 8080,
    keepaliveTimeout,
    spawn: (argv, given) => lab.server.spawn(argv, given),
  });
  try {
    const url = `http://${lab.server.addresses.ipv4}:8080/`;
    const argv = [process.execPath, PROGRAM, 'http', url, '--format', 'json', '--max-requests', '3', ...args];
    const { stdout, stderr } = await lab.client.run(argv, { timeoutMs: 60_000 });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  } finally {
    await server.stop();
  }
}

describe.skipIf(obstacle !== null)(
  `idle connections to a web server behind a firewall${obstacle === null ? '' : ` (skipped, ${obstacle})`}`,
  { concurrent: true }, // each in a network of its own
  () => {
    it('are stalled once the firewall has forgotten them, which the server does not know', async ({ expect }) => {
      const report = await askBehind({ firewall: { idleTimeoutMs: 3000 } }, '60s', ['--max-idle', '5s']);
      expect(report.data.idleSamples.map(({ outcome }) => outcome)).toEqual(['stalled', 'stalled', 'stalled']);
      expect(report.data.idleClose).toMatchObject({ upperMs: null, outcome: 'stalled' });
      expect(report).toMatchObject({ exitCode: 1, findings: [{ rule: 'http-idle-stalled' }], gaps: [] });
    });

    it('are stalled even though the server closes them: the firewall lets its FIN through no more', async ({
      expect,
    }) => {
      const report = await askBehind({ firewall: { idleTimeoutMs: 2000 } }, '4s', ['--max-idle', '6s']);
      expect(report.data.idleClose).toMatchObject({ outcome: 'stalled' });
    });

    it('are closed by the server where the firewall holds them for longer', async ({ expect }) => {
      const report = await askBehind({ firewall: { idleTimeoutMs: 20_000 } }, '2s', ['--max-idle', '8s']);
      expect(report.data.idleClose?.outcome).toBe('closed');
      expect(report.data.idleClose?.lowerMs).toBeGreaterThan(1700);
      expect(report.data.idleClose?.upperMs).toBeLessThan(2300);
    });

    it('are open where nobody ended them', async ({ expect }) => {
      const report = await askBehind({}, '60s', ['--max-idle', '2s']);
      expect(report.data.idleClose?.outcome).toBe('alive');
      expect(report).toMatchObject({ exitCode: 0, findings: [], gaps: [] });
    });
  },
);
