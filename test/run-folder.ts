import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives the run a folder for temporary files of its own, and names it in an environment variable that every process of the run inherits: so
 * that what the run leaves behind can be told from what others do on this machine. Removes the folder at the end.
 */
export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-test-'));
  chmodSync(folder, 0o1777); // servers of other users have their folders in it too
  process.env['KAPROBE_TEST_RUN'] = folder;
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
