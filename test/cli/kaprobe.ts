import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program as it is installed: `npm run build` must have run. */
export const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));

/** The Node that runs the program: this one, unless the tests are to try another. */
export const NODE = process.env['KAPROBE_NODE'] ?? process.execPath;

/** Arguments of node that make koffi what it is on a platform for which it ships no binary. */
export const WITHOUT_KOFFI = ['--require', fileURLToPath(new URL('../helpers/without-koffi.cjs', import.meta.url))];

/** How a run of the program ended. */
export interface Run {
  /** null when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** What a run may differ in from a plain one. */
interface RunOptions {
  env?: Record<string, string>;
  /** Arguments of node itself. */
  nodeArguments?: string[];
  /** The user that it runs as; only root may choose another. */
  uid?: number;
  /** Called once the program runs, with its process id. */
  started?: (pid: number) => void;
}

/** Runs the program with stdout and stderr in pipes and without colour variables, and waits for its end: 100 s at most. */
export function kaprobe(
  args: readonly string[],
  { env = {}, nodeArguments = [], uid, started }: RunOptions = {},
): Promise<Run> {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = process.env;
  const child = spawn(NODE, [...nodeArguments, PROGRAM, ...args], {
    env: { ...inherited, LC_ALL: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (child.pid !== undefined) started?.(child.pid);
  const read = (stream: NodeJS.ReadableStream): Promise<string> =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      stream
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
  const texts = Promise.all([read(child.stdout), read(child.stderr)]);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', async (exitCode) => {
      const [stdout, stderr] = await texts;
      resolve({ exitCode, stdout, stderr });
    });
  });
}
