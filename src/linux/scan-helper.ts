/** A second thread for socket-scan.ts, where there are so many sockets that it is worth its start. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, SHARE_ENV, Worker } from 'node:worker_threads';
import type { Libc } from './libc.ts';
import { type LinkOpener, listPids } from './socket-holders.ts';
import {
  type LinksJob,
  linksJob,
  type OptionsJob,
  optionsJob,
  readLinks,
  readOptions,
  type ScanJob,
  type SocketLinks,
} from './socket-scan.ts';

/** A thread takes about 40 ms of a core to start, in which ten thousand sockets are looked at. */
const MANY_SOCKETS = 20_000;
/** For the last piece that the other thread has taken, which takes milliseconds. */
const PATIENCE_MS = 10_000;

/** What this thread and the other say to each other without messages: asked → begun → done or failed; asked → idle when nobody waits for it any more. */
export const STATE = { idle: 0, asked: 1, begun: 2, done: 3, failed: 4 } as const;

/** What the other thread is given. */
export interface HelperData {
  /** One of STATE. */
  state: Int32Array;
  /** Jobs go one way, links that were found the other. */
  port: MessagePort;
}

/** What came of the other thread's share of a job. Failed: all of the job must be done again, since nobody knows what it had taken. */
type Share = { kind: 'done'; links: SocketLinks | null } | { kind: 'failed' };

export interface ScanHelper {
  /** The links of all processes, which it reads from its start on. */
  links: LinksJob;
  /** Asks for help with a job. */
  ask(job: ScanJob): void;
  /** Waits for its share of the job that it was asked for last: to be called when nothing of that is left to take. */
  share(): Share;
  close(): void;
}

interface HelperSettings {
  /** From how many sockets on it is started. */
  atLeast?: number;
  /** The thread's program: beside this file once that is built. Where there is none, there is no help. */
  program?: string;
  patienceMs?: number;
}

/** Starts one when the network namespace of process `pid`, or kaprobe's own, has many sockets, else null. What goes wrong with it only costs its help. */
export function startScanHelper(
  pid: number | null,
  {
    atLeast = MANY_SOCKETS,
    program = join(import.meta.dirname, 'scan-thread.js'),
    patienceMs = PATIENCE_MS,
  }: HelperSettings = {},
): ScanHelper | null {
  if (socketsInUse(pid) < atLeast) return null;
  const state = new Int32Array(new SharedArrayBuffer(4));
  const { port1: port, port2 } = new MessageChannel();
  const worker = startThread(program, { state, port: port2 });
  if (worker === null) return null;
  let failed = false;
  const ask = (job: ScanJob): void => {
    if (failed) return;
    port.postMessage(job);
    Atomics.store(state, 0, STATE.asked);
    Atomics.notify(state, 0);
  };
  const links = linksJob(listPids());
  ask(links);
  return {
    links,
    ask,
    share: () => {
      if (failed || Atomics.compareExchange(state, 0, STATE.asked, STATE.idle) === STATE.asked)
        return { kind: 'done', links: null };
      failed =
        Atomics.wait(state, 0, STATE.begun, patienceMs) === 'timed-out' || Atomics.load(state, 0) === STATE.failed;
      if (failed) return { kind: 'failed' };
      return { kind: 'done', links: receiveMessageOnPort(port)?.message ?? null };
    },
    close: () => {
      port.close();
      void worker.terminate();
    },
  };
}

/** What all processes hold, or those of `job`, which the helper was asked to help with. */
export function readLinksWith(helper: ScanHelper | null, job: LinksJob, openLinks: LinkOpener): SocketLinks[] {
  const own = readLinks(job, openLinks);
  const share = helper?.share() ?? ALONE;
  if (share.kind === 'failed') return [readLinks(linksJob([...job.pids]), openLinks)];
  return share.links === null ? [own] : [own, share.links];
}

/** Asks for help with these tasks, does them, and returns the job with its answers. */
export function readOptionsWith(helper: ScanHelper | null, tasks: Uint32Array, libc: Libc): OptionsJob {
  const job = optionsJob(tasks);
  helper?.ask(job);
  readOptions(job, libc);
  const share = helper?.share() ?? ALONE;
  if (share.kind === 'done') return job;
  const again = optionsJob(tasks);
  readOptions(again, libc);
  return again;
}

const ALONE: Share = { kind: 'done', links: null };

function startThread(program: string, data: HelperData): Worker | null {
  try {
    const worker = new Worker(program, {
      workerData: data,
      transferList: [data.port],
      // What was given to the main thread for its start is not meant for this one.
      execArgv: [],
      env: SHARE_ENV,
    });
    worker.on('error', () => {}); // share() notices
    worker.unref();
    return worker;
  } catch {
    return null; // no memory, or no more threads (RLIMIT_NPROC)
  }
}

/** Sockets of all kinds in that network namespace (socket_seq_show in net/socket.c); 0 when /proc does not tell. */
function socketsInUse(pid: number | null): number {
  try {
    return Number(
      /^sockets: used (\d+)$/m.exec(readFileSync(`/proc/${pid ?? 'self'}/net/sockstat`, 'latin1'))?.[1] ?? 0,
    );
  } catch {
    return 0;
  }
}
