import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE } from '../cli/kaprobe.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One of each kind, as someone would write it who adds it: nothing else in the tree is touched. */
const ADDED: Record<string, string> = {
  'src/knowledge/middleboxes/acme-wall.ts': `
    import { definePreset } from '../preset.ts';
    export const preset = definePreset({
      name: 'Acme Wall',
      vendor: 'Acme',
      kind: 'firewall',
      idleTimeoutMs: 77_000,
      confidence: 'recalled',
      note: 'As its makers remember it.',
    });`,
  'src/commands/sysctl/rules/acme-rule.ts': `
    import type { Rule } from '../../../report/finding.ts';
    import type { SysctlFacts } from '../facts.ts';
    export const rule: Rule<SysctlFacts> = {
      id: 'acme-rule',
      title: 'this host was looked at',
      explain: '**What it means.** Somebody looked.',
      judge: () => [{ severity: 'info', message: 'it was looked at', evidence: {}, remedy: [] }],
    };`,
  'src/output/formats/acme.ts': `
    import type { Format } from '../format.ts';
    export const format: Format = {
      summary: 'the verdict alone',
      render: ({ report }) => \`acme: \${report.command} \${report.verdict}\\n\`,
    };`,
  'src/connections/applications/acme.ts': `
    import type { Application } from './application.ts';
    import { converse } from './conversation.ts';
    export const application: Application = {
      schemes: { acme: { port: 7777, tls: false } },
      open: (stream) =>
        converse(stream, ({ send, answer }) => ({
          ask: () => send(Buffer.from('acme?')),
          receive: () => answer({ kind: 'replied', summary: 'acme!' }),
          lastWords: () => null,
          close: () => {},
        })),
    };`,
  'src/commands/acme/command.ts': `
    import type { Outcome } from '../../report/report.ts';
    import { defineRoom } from '../room.ts';
    import type { AcmeData } from './report.ts';
    export const room = defineRoom({
      view: async () => (await import('./text.ts')).view,
      declare: (command) => command.description('Says hello.').option('--to <name>', 'whom to greet', 'everybody'),
      run: async (_, { to }): Promise<Outcome<AcmeData>> => ({ data: { to }, findings: [], gaps: [] }),
    });`,
  'src/commands/acme/report.ts': `
    export interface AcmeData {
      to: string;
    }`,
  'src/commands/acme/text.ts': `
    import type { View } from '../../output/format.ts';
    import type { AcmeData } from './report.ts';
    export const view: View<AcmeData> = { body: (_, { data }) => [[\`hello \${data.to}\`]] };`,
};

/** The line that a command needs besides its folder. */
const ITS_LINE = "  acme: listed('says hello', () => import('./acme/command.ts')),\n";

describe('in a copy of the tree, built with one more of each kind', () => {
  let folder: string;
  const kaprobe = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(NODE, [join(folder, 'bin', 'kaprobe.js'), ...args]);
    return stdout;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-additions-'));
    for (const part of ['src', '.ci', 'bin', 'package.json', 'tsconfig.json']) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, text] of Object.entries(ADDED)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text.replaceAll(/^ {4}/gm, '')); // as the formatter would leave it
    }
    const list = join(folder, 'src/commands/index.ts');
    const [before = '', after = ''] = readFileSync(list, 'utf8').split('} satisfies Record<string, ListedRoom>;');
    writeFileSync(list, `${before}${ITS_LINE}} satisfies Record<string, ListedRoom>;${after}`);
    await run(process.execPath, ['.ci/build.mjs'], { cwd: folder });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('the types hold', async () => {
    const tsc = run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json'], { cwd: folder });
    expect(await tsc.catch((error: { stdout: string }) => error)).toMatchObject({ stdout: '' });
  });

  it('a preset is in middleboxes, and judges', async () => {
    expect(await kaprobe('middleboxes')).toMatch(/^acme-wall +77 s|^acme-wall +1 m 17 s/m);
    expect(await kaprobe('simulate', '--middlebox', 'acme-wall', '--fail-on', 'error', '--idle', '20s')).toContain(
      'acme-wall',
    );
  });

  it('a rule finds, and explain knows it', async () => {
    const { findings } = JSON.parse(await kaprobe('sysctl', '--format', 'json', '--fail-on', 'error'));
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'acme-rule', message: 'it was looked at' }));
    expect(await kaprobe('explain', 'acme-rule')).toContain('Somebody looked.');
    expect(await kaprobe('explain')).toContain('acme-rule');
  });

  it('an output format is offered, and writes', async () => {
    expect(await kaprobe('check', '--help')).toContain('choices: "acme"');
    expect(await kaprobe('middleboxes', '--format', 'acme')).toBe('acme: middleboxes ok\n');
  });

  it('a protocol warms up, and has a scheme', async () => {
    expect((await kaprobe('measure', '--help')).replaceAll(/\s+/g, ' ')).toMatch(/--warmup.*acme/);
    const { data } = JSON.parse(
      await kaprobe('check', 'acme://127.0.0.1', '--format', 'json').catch(({ stdout }: { stdout: string }) => stdout),
    );
    expect(data.targets).toMatchObject([{ scheme: 'acme', port: 7777 }]);
  });

  it('a command is in the help, and runs', async () => {
    expect(await kaprobe('--help')).toMatch(/^ +acme .*says hello$/m);
    expect(await kaprobe('acme', '--to', 'you')).toContain('hello you');
  });
});
