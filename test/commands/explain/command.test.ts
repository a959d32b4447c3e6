import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { room } from '../../../src/commands/explain/command.ts';
import { rule as keepaliveOff } from '../../../src/keepalive/rules/keepalive-off.ts';
import { ruleFolders } from '../../../src/rules.generated.ts';
import { runRoom } from '../../rooms.ts';

describe('kaprobe explain', () => {
  test('lists every rule once, by its name', async () => {
    const { data } = await runRoom(room, []);
    const listed = data.kind === 'list' ? data.rules : [];
    expect(listed.map(({ id }) => id)).toEqual(Object.keys(ruleFolders).sort());
    expect(listed).toContainEqual({ id: 'keepalive-off', title: keepaliveOff.title });
  });

  test('returns the text of one rule as it stands there', async () => {
    const { id, title, explain } = keepaliveOff;
    expect(await runRoom(room, ['keepalive-off'])).toEqual({
      data: { kind: 'rule', id, title, explain },
      findings: [],
      gaps: [],
    });
  });

  test('knows no rule that only JavaScript knows', async () => {
    for (const id of ['toString', '__proto__', '']) await expect(runRoom(room, [id])).rejects.toThrow(UsageError);
  });
});
