import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/base/version.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the packed tarball', () => {
  let folder: string;
  let tarball: string;
  let installed: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-package-'));
    // The build is there already; packing must not depend on doing it again at the same time as other tests.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT });
    tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none');
    await run(
      'npm',
      ['install', '--global', '--prefix', join(folder, 'global'), '--omit=dev', '--no-audit', '--no-fund', tarball],
      { cwd: folder },
    );
    installed = join(folder, 'global', 'lib', 'node_modules', 'kaprobe');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('installs and runs with production dependencies only', async () => {
    const program = join(folder, 'global', 'bin', 'kaprobe');
    const { stdout } = await run(program, ['check', '--embedded', '--format', 'json'], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      tool: { name: 'kaprobe', version: VERSION },
      verdict: 'ok',
      data: { targets: [{ keepalive: { effective: { enabled: true }, answer: { kind: 'answered' } } }] },
    });
    const sysctl = await run(program, ['sysctl', '--format', 'json'], { cwd: folder });
    expect(JSON.parse(sysctl.stdout)).toMatchObject({ command: 'sysctl', verdict: 'ok' });
  });

  it('holds the program, the library, its types, the licences, and nothing of the house', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball]);
    const files = stdout
      .split('\n')
      .filter((name) => name !== '' && !/^package\/dist\/(types\/.*\.d\.ts|[\w.-]+\.js)$/.test(name));
    expect(files.sort()).toEqual([
      'package/LICENSE',
      'package/README.md',
      'package/bin/kaprobe.js',
      'package/bin/package.json',
      'package/dist/package.json',
      'package/dist/third-party-licences.txt',
      'package/package.json',
    ]);
    const notices = readFileSync(join(installed, 'dist', 'third-party-licences.txt'), 'utf8');
    for (const bundled of ['commander', 'chalk', 'cli-table3']) expect(notices).toContain(`${bundled} `);
  });

  it('is a library for import and for require, with types that a strict program compiles against', async () => {
    const consumer = join(folder, 'consumer');
    mkdirSync(join(consumer, 'node_modules'), { recursive: true });
    symlinkSync(installed, join(consumer, 'node_modules', 'kaprobe'));
    const program = `
      import { createServer } from 'node:net';
      import { check, http, measure, simulate, sysctl, timewait, UsageError, type MeasureOptions, type ReportOf } from 'kaprobe';
      const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1', async () => {
        const address = server.address();
        if (address === null || typeof address === 'string') throw new Error('no port');
        const report: ReportOf<'check'> = await check(\`127.0.0.1:\${address.port}\`, { keepalive: { idleMs: 60_000 }, middleboxes: ['juniper-srx-tcp'] });
        const settings = report.data.targets[0]?.keepalive.effective;
        const short: MeasureOptions = { minMs: 2000, maxMs: 3000, connections: 8 };
        const measured: ReportOf<'measure'> = await measure(\`127.0.0.1:\${address.port}\`, short);
        const tooShort = await measure('127.0.0.1:1', { minMs: 1 }).catch((error: unknown) => error instanceof UsageError);
        const timeline: ReportOf<'simulate'> = await simulate({ keepalive: { idleMs: 5000, intervalMs: 3000, count: 3 } });
        const ends = timeline.data.scenarios.flatMap(({ end }) => (end.kind === 'given-up' ? [end.atMs] : []));
        const refused = await check('x:0').catch((error: unknown) => error instanceof UsageError);
        console.log(JSON.stringify([report.exitCode, settings !== undefined && 'idleMs' in settings ? settings.idleMs : null, refused]));
        const host: ReportOf<'sysctl'> = await sysctl({ middleboxes: [{ idleTimeoutMs: 1_800_000 }] });
        const waiting: ReportOf<'timewait'> = await timewait({ ports: [9], limit: 1 });
        const asked: ReportOf<'http'> = await http('http://127.0.0.1:9/', { maxIdleMs: null, timeoutMs: 1000 });
        console.log(JSON.stringify([host.data.settings.length > 10, waiting.data.flows.length, asked.data.connect.kind]));
        console.log(JSON.stringify([measured.data.idleTimeout.upperMs, (measured.data.idleTimeout.lowerMs ?? 0) > 2900, tooShort, ends[0]]));
        process.exit();
      });`;
    writeFileSync(join(consumer, 'use.mts'), program);
    writeFileSync(join(consumer, 'use.cts'), program);
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--target',
      'es2023',
      '--module',
      'nodenext',
    ];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules', '@types')];
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    await run(tsc, [...strict, ...types, '--ignoreConfig', 'use.mts', 'use.cts'], { cwd: consumer }).catch(
      (error: { stdout?: string }) => {
        throw new Error(`the types do not compile:\n${error.stdout}`);
      },
    );
    for (const file of ['use.mjs', 'use.cjs']) {
      const { stdout } = await run(process.execPath, [file], { cwd: consumer });
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line): unknown => JSON.parse(line)),
      ).toEqual([
        [0, 60_000, true],
        [true, 0, 'refused'],
        [null, true, true, 14_000],
      ]);
    }
  });

  it('has nothing that publint objects to', async () => {
    const { publint } = await import('publint');
    const { messages } = await publint({ pkgDir: ROOT, strict: true, pack: false });
    expect(messages).toEqual([]);
  });
});
