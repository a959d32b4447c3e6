import { describe, it } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { kaprobe } from './kaprobe.ts';

describe.concurrent('the help of every command', () => {
  it.for(Object.keys(commands))(
    '%s fits 80 columns, but for examples, which are to be pasted',
    async (name, { expect }) => {
      const { exitCode, stdout, stderr } = await kaprobe([name, '--help']);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const wide = stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  kaprobe '));
      expect(wide).toEqual([]);
      expect(stdout).toContain('\nExamples:\n  kaprobe ');
    },
  );
});
