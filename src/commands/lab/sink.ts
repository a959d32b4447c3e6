import { once } from 'node:events';
import { KernelError } from '../../base/errors.ts';
import type { LabHost } from './lab.ts';

/** Free on every host of a lab, which runs nothing else. */
const PORT = 7000;
const START_MS = 30_000;

/**
 * Holds what connects and says nothing. Without a host to listen on it takes both families, or IPv4 where there is no other. Plain
 * JavaScript for `node --eval`, because it runs in another network than the program that it came in.
 */
const SINK = `
'use strict';
process.title = 'kaprobe-lab-server';
const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
server.listen({ port: Number(process.argv[1]), backlog: 4096 }, () => require('node:fs').writeSync(1, 'listening'));
`;

/** The plain server of a lab. */
export interface Sink {
  port: number;
  /** How it ended, which it does not do by itself, in a sentence; null as long as it runs. */
  ending(): string | null;
}

/**
 * Starts a server on this host that holds connections and says nothing, and waits until it listens. It is killed with the lab. It has a
 * session of its own, so that Ctrl-C does not take it away from a program that is still tidying up.
 *
 * @throws KernelError when it does not come to listen; the signal's reason when that is aborted.
 */
export async function startSink(host: LabHost, signal: AbortSignal): Promise<Sink> {
  const child = host.spawn([process.execPath, '--eval', SINK, '--', String(PORT)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
    // What is meant for kaprobe's Node (a debugger's port, a coverage folder) is not meant for this one.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_'))),
    detached: true,
  });
  const patience = AbortSignal.any([signal, AbortSignal.timeout(START_MS)]);
  const listening = child.stdout === null ? Promise.reject() : once(child.stdout, 'data', { signal: patience });
  const ended = once(child, 'exit', { signal: patience }).then(() => Promise.reject());
  await Promise.race([listening, ended]).catch(() => {
    signal.throwIfAborted();
    throw new KernelError(patience.aborted ? 'ETIMEDOUT' : 'ECHILD', `start the server of the lab`);
  });
  ended.catch(() => {});
  return {
    port: PORT,
    ending: () =>
      child.exitCode === null && child.signalCode === null
        ? null
        : `the server of the lab was ended by ${child.signalCode ?? `itself with ${child.exitCode}`}`,
  };
}
