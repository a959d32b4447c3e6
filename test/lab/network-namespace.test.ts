import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CapabilityError, UsageError } from '../../src/base/errors.ts';
import { inNetworkNamespaceOf } from '../../src/linux/network-namespace.ts';
import { readHostKeepalive } from '../../src/linux/sysctl.ts';
import { until } from './helpers.ts';

const own = (): string => readlinkSync('/proc/thread-self/ns/net');
const idleSeconds = (): number => {
  const keepalive = readHostKeepalive();
  return 'kind' in keepalive ? Number.NaN : keepalive.idleMs / 1000;
};

describe('inNetworkNamespaceOf without rights', () => {
  test('just looks when the process shares the namespace', async () => {
    expect(await inNetworkNamespaceOf(process.pid, own)).toBe(own());
  });

  test('says that there is no such process', async () => {
    const look = inNetworkNamespaceOf(4_194_304, own); // one more than the highest that Linux gives
    await expect(look).rejects.toThrow(UsageError);
    await expect(look).rejects.toThrow('there is no process 4194304');
  });
});

const canUnshare = process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0;
const lacking = canUnshare ? '' : ' (skipped: needs root, unshare and CAP_SYS_ADMIN to make a network namespace)';

describe.skipIf(!canUnshare)(`inNetworkNamespaceOf a process in another network namespace${lacking}`, () => {
  const SECONDS = idleSeconds() + 1;
  let child: ChildProcess;
  let pid = 0;

  beforeAll(async () => {
    const script = `echo ${SECONDS} > /proc/sys/net/ipv4/tcp_keepalive_time && exec sleep 60`;
    child = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: 'ignore' });
    pid = child.pid ?? 0;
    await until('the process is in its own namespace and has set it', async () => {
      return readlinkSync(`/proc/${pid}/exe`).endsWith('sleep') && readlinkSync(`/proc/${pid}/ns/net`) !== own();
    });
  });
  afterAll(() => {
    child.kill();
  });

  test('shows its settings, and comes back', async () => {
    const here = { namespace: own(), seconds: idleSeconds() };
    const there = await inNetworkNamespaceOf(pid, () => ({ namespace: own(), seconds: idleSeconds() }));
    expect(there).toEqual({ namespace: readlinkSync(`/proc/${pid}/ns/net`), seconds: SECONDS });
    expect({ namespace: own(), seconds: idleSeconds() }).toEqual(here);
  });

  test('comes back when looking fails', async () => {
    const before = own();
    const look = inNetworkNamespaceOf(pid, () => {
      throw new Error(own());
    });
    await expect(look).rejects.toThrow(readlinkSync(`/proc/${pid}/ns/net`));
    expect(own()).toBe(before);
  });

  test('is refused clearly to a user without rights', async () => {
    process.seteuid?.('nobody');
    const look = inNetworkNamespaceOf(pid, own);
    try {
      await expect(look).rejects.toThrow(CapabilityError);
      await expect(look).rejects.toThrow(`cannot enter the network namespace of pid ${pid}: EACCES`);
      await expect(look).rejects.toMatchObject({ hint: expect.stringContaining('CAP_SYS_ADMIN') });
    } finally {
      process.seteuid?.(0);
    }
  });
});
