import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kaprobe, NODE } from './kaprobe.ts';

const [, major] = /node-(\d+)$/.exec(NODE) ?? [];

/** First in the projects that try the program with another Node: whether they do. */
it.skipIf(!existsSync(NODE))(`the program runs with Node ${major} (needs node test/nodes.mjs)`, async () => {
  expect(spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout).toMatch(new RegExp(`^v${major}\\.`));
  expect(await kaprobe(['--version'])).toMatchObject({ exitCode: 0, stderr: '' });
});
