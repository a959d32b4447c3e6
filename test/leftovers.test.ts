import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leftBehind, machineState } from './leftovers.ts';

test.skipIf(process.platform !== 'linux')('what a run leaves behind is named (needs /proc)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-leftovers-'));
  const sleepers = [
    { env: { ...process.env, KAPROBE_TEST_RUN: folder } },
    { env: process.env, cwd: folder }, // as of a server that has written its title over its environment
    { env: process.env },
  ].map((options) => spawn('sleep', ['60'], options));
  try {
    writeFileSync(join(folder, 'notes.json'), '');
    await Promise.all(sleepers.map((sleeper) => once(sleeper, 'spawn')));
    const [, ...before] = machineState();
    const left = await leftBehind(folder, before, 0);
    expect(left).toEqual([
      `process ${sleepers[0]?.pid}: sleep 60`,
      `process ${sleepers[1]?.pid}: sleep 60`,
      ...machineState().slice(0, 1),
      `file ${folder}/notes.json`,
    ]);
  } finally {
    for (const sleeper of sleepers) sleeper.kill();
    rmSync(folder, { recursive: true });
  }
});
