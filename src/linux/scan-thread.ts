/** The program of the other thread of scan-helper.ts. */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { loadLibc } from './libc.ts';
import { type HelperData, STATE } from './scan-helper.ts';
import { linkOpener } from './socket-holders.ts';
import { readLinks, readOptions, type ScanJob } from './socket-scan.ts';

async function work({ state, port }: HelperData): Promise<void> {
  const libc = await loadLibc();
  const openLinks = linkOpener(libc);
  for (;;) {
    const before = Atomics.compareExchange(state, 0, STATE.asked, STATE.begun);
    if (before !== STATE.asked) {
      Atomics.wait(state, 0, before);
      continue;
    }
    const job = lastJob(port);
    if (job?.kind === 'links') {
      const links = readLinks(job, openLinks);
      port.postMessage(links, [links.found.buffer]);
    }
    if (job?.kind === 'options') readOptions(job, libc);
    end(state, STATE.done);
  }
}

/** Those before it were done without this thread. */
function lastJob(port: MessagePort): ScanJob | null {
  let job: ScanJob | null = null;
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) job = next.message;
  return job;
}

/** Where none was begun, nobody waits. */
function end(state: Int32Array, how: number): void {
  Atomics.compareExchange(state, 0, STATE.begun, how);
  Atomics.notify(state, 0);
}

const data: HelperData = workerData; // from startScanHelper()
work(data).catch(() => end(data.state, STATE.failed));
