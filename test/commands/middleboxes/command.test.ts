import { Command } from '@commander-js/extra-typings';
import { describe, expect, test } from 'vitest';
import { room } from '../../../src/commands/middleboxes/command.ts';
import { presets } from '../../../src/knowledge/middleboxes/registry.generated.ts';
import { sealReport } from '../../../src/report/report.ts';
import { runRoom } from '../../rooms.ts';

const search = (...operands: string[]) => runRoom(room, operands);

describe('middleboxes', () => {
  test('without words lists every preset and searches for nothing', async () => {
    const { data, findings, gaps } = await search();
    expect(data.search).toBeNull();
    expect(data.presets.map(({ id }) => id).sort()).toEqual(Object.keys(presets).sort());
    expect({ findings, gaps }).toEqual({ findings: [], gaps: [] });
  });

  test('sorts by vendor in any case, then by idle timeout', async () => {
    const { data } = await search();
    const vendors = data.presets.map(({ vendor }) => vendor.toLowerCase());
    expect(vendors).toEqual([...vendors].sort());
    const timeouts = data.presets
      .filter(({ vendor }) => vendor === 'AWS')
      .map(({ idleTimeoutMs }) => idleTimeoutMs ?? 0);
    expect(timeouts).toEqual([...timeouts].sort((a, b) => a - b));
  });

  test('puts a preset without an idle timeout behind those of its vendor that have one', async () => {
    const { data } = await search('haproxy');
    expect(data.presets.map(({ id }) => id)).toEqual(['haproxy-idle-pool', 'haproxy']);
  });

  test('takes one operand with spaces as several words', async () => {
    expect((await search(' aws  nat ')).data).toEqual((await search('aws', 'nat')).data);
  });

  test('takes blank operands for no search at all', async () => {
    expect((await search('', ' ')).data.search).toBeNull();
  });

  test('a search that matches nothing is a gap, so that the exit code is 2', async () => {
    const outcome = await search('no-such', 'box');
    expect(outcome.data).toEqual({ search: 'no-such box', presets: [] });
    expect(outcome.gaps).toEqual([
      { subject: 'middleboxes', what: 'search', reason: "no preset matches 'no-such box'" },
    ]);
    const report = sealReport('middleboxes', outcome, {
      version: '0',
      startedAt: new Date(0),
      durationMs: 1,
      failOn: 'error',
    });
    expect(report).toMatchObject({ verdict: 'unmeasured', exitCode: 2 });
  });

  test('declares its words and shows three examples', () => {
    let help = '';
    const command = new Command('middleboxes').configureOutput({ writeOut: (text) => (help += text) });
    room.declare(command);
    command.outputHelp();
    expect(command.registeredArguments.map((argument) => argument.name())).toEqual(['words']);
    expect(help.match(/^ {2}kaprobe middleboxes/gm)).toHaveLength(3);
  });
});
