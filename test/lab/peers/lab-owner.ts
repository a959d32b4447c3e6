// Owns a lab with programs in it, tells about it in one JSON line, and waits to be killed.
import { spawn } from 'node:child_process';
import { createLab } from '../../../src/commands/lab/lab.ts';

async function own(): Promise<void> {
  const lab = await createLab({ firewall: { idleTimeoutMs: 5000 } });
  lab.server.spawn(['sleep', '600'], { stdio: 'ignore' });
  await lab.client.run(['setsid', '--fork', 'sleep', '600']);
  const namespaces = await Promise.all(
    lab.path.map(async (host) => (await host.run(['readlink', '/proc/self/ns/net'])).stdout.trim()),
  );
  const { code } = await lab.client.run(['ping', '-c', '1', '-W', '5', lab.server.addresses.ipv4]);
  process.stdout.write(`${JSON.stringify({ privilege: lab.privilege, namespaces, pingCode: code })}\n`);
  const [file, ...rest] = lab.firewall.commandLine(['sleep', '600']);
  spawn(file, rest, { stdio: 'ignore' }).on('exit', () => {});
}

void own();
