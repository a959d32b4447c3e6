import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Which other users may run, too. */
const PYTHON = '/usr/bin/python3';

/** Whether there can be holders. */
export const hasPython = spawnSync(PYTHON, ['-c', 'import socket']).status === 0;

/** One connection of the holder to itself: the options of its client's side, in the kernel's units. What is left out is the host's. */
export interface WantedPair {
  enabled?: boolean;
  idle?: number;
  interval?: number;
  count?: number;
  userTimeout?: number;
  /** Switch SO_KEEPALIVE on only after the connection has been silent for `settleSeconds`. */
  late?: boolean;
  /** Let the far side send a byte after that. */
  talk?: boolean;
  /** Let a thread wait in recv(2). */
  blocked?: boolean;
  /** SO_RCVTIMEO in seconds. */
  receiveTimeout?: number;
}

interface HolderSpec {
  pairs: WantedPair[];
  /** What it calls itself. */
  name?: string;
  fork?: boolean;
  v6?: boolean;
  settleSeconds?: number;
}

/** A process of another program that holds connections. */
export interface Holder {
  pid: number;
  child: number | null;
  /** The port that the far sides are at. */
  listens: number;
  /** In the order asked for: the client's own port and descriptor. */
  pairs: { port: number; fd: number }[];
  stop(): Promise<void>;
}

/** Starts one and waits until it holds everything. */
export async function holdSockets(spec: HolderSpec, uid?: number): Promise<Holder> {
  const script = fileURLToPath(new URL('holder.py', import.meta.url));
  const child = spawn(PYTHON, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    const impatience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await over;
    clearTimeout(impatience);
  };
  child.stdin.write(`${JSON.stringify(spec)}\n`);
  for await (const line of createInterface({ input: child.stdout })) return { ...JSON.parse(line), stop };
  await stop();
  throw new Error('the holder of sockets ended before it held any');
}
