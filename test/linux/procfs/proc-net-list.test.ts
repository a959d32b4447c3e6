import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CapabilityError } from '../../../src/base/errors.ts';
import type { TcpState } from '../../../src/base/tcp-state.ts';
import { type KernelSocket, readSockets, type SocketList } from '../../../src/linux/kernel-socket.ts';
import { openProcNetTcp } from '../../../src/linux/procfs/proc-net-list.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kaprobe-'));
  mkdirSync(join(root, 'self/net'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

/** By the kernel's numbers (net/tcp_states.h). */
const STATE = {
  established: '01',
  'syn-sent': '02',
  'syn-received': '03',
  'fin-wait-2': '05',
  'time-wait': '06',
  listen: '0A',
};

interface Line {
  port: number;
  state?: keyof typeof STATE;
  inode: number;
}

/** The sockets from that port on to port 80 of the same address, and waits until what was read before counts as old. */
async function show(...lines: Line[]): Promise<void> {
  const text = lines.map(({ port, state = 'established', inode }) => {
    const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    return `   0: ${local} 0100007F:0050 ${STATE[state]} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 20 4 30 10 -1`;
  });
  writeFileSync(join(root, 'self/net/tcp'), ['  sl  local_address', ...text, ''].join('\n'));
  await sleep(60);
}

const EVERY: TcpState[] = ['established', 'syn-sent', 'syn-received', 'fin-wait-2', 'time-wait'];
const list = (watch: SocketList, request = {}): KernelSocket[] =>
  readSockets(watch, { states: EVERY, withInfo: true, ...request }).sockets;

test.each<[what: string, isSame: boolean, before: Omit<Line, 'port'>, after: Omit<Line, 'port'>]>([
  ['stays', true, { inode: 7 }, { inode: 7 }],
  ['is accepted', true, { inode: 0 }, { inode: 7 }],
  ['is closed by its process', true, { inode: 7 }, { inode: 0, state: 'fin-wait-2' }],
  ['is in TIME-WAIT', true, { inode: 7 }, { inode: 0, state: 'time-wait' }],
  ['is made', true, { inode: 7, state: 'syn-sent' }, { inode: 7 }],
  ['has another inode', false, { inode: 7 }, { inode: 8 }],
  ['comes after TIME-WAIT', false, { inode: 0, state: 'time-wait' }, { inode: 8 }],
  ['is being made again', false, { inode: 7 }, { inode: 0, state: 'syn-received' }],
])('a socket that %s keeps its number: %s', async (_, isSame, before, after) => {
  const watch = openProcNetTcp(null, true, root);
  await show({ port: 1000, ...before }, { port: 1001, inode: 99 });
  const [first, other] = list(watch);
  expect(first?.cookie).not.toBe(other?.cookie);
  await show({ port: 1001, inode: 99 }, { port: 1000, ...after });
  const [otherAgain, again] = list(watch);
  expect(otherAgain?.cookie).toBe(other?.cookie);
  expect(again?.cookie === first?.cookie).toBe(isSame);
});

test('an inode that was seen tells the next connection apart, also after the first was closed', async () => {
  const watch = openProcNetTcp(null, true, root);
  const numbers: (string | null | undefined)[] = [];
  for (const line of [{ inode: 7 }, { inode: 0, state: 'fin-wait-2' }, { inode: 8 }] as const) {
    await show({ port: 1000, ...line });
    numbers.push(list(watch)[0]?.cookie);
  }
  expect(numbers[0]).toBe(numbers[1]);
  expect(numbers[2]).not.toBe(numbers[1]);
});

test('finds those that are named, and none that are gone', async () => {
  const watch = openProcNetTcp(null, true, root);
  await show({ port: 1000, inode: 7 }, { port: 1001, inode: 8 });
  const ids = list(watch);
  await show({ port: 1001, inode: 8 }, { port: 1002, inode: 9 });
  expect(watch.find(ids).map(({ localPort }) => localPort)).toEqual([1001]);
  expect(watch.find([])).toEqual([]);
});

test('without numbers no socket has one, none is found by it, and listeners are listed too', async () => {
  const plain = openProcNetTcp(null, false, root);
  await show({ port: 1000, inode: 7 }, { port: 1001, state: 'listen', inode: 8 });
  const sockets = list(plain, { states: ['established', 'listen'] });
  expect(sockets.map(({ localPort, cookie }) => [localPort, cookie])).toEqual([
    [1000, null],
    [1001, null],
  ]);
  expect(plain.find(sockets)).toEqual([]);
});

test('lists those of the states and ports that are asked for', async () => {
  const watch = openProcNetTcp(null, true, root);
  await show({ port: 1000, inode: 7 }, { port: 1001, inode: 0, state: 'time-wait' }, { port: 1002, inode: 9 });
  const ports = (request: object) => list(watch, request).map(({ localPort }) => localPort);
  expect(ports({ states: ['time-wait'] })).toEqual([1001]);
  expect(ports({ localPort: 1002 })).toEqual([1002]);
  expect(ports({ remotePort: 80 })).toEqual([1000, 1001, 1002]);
  expect(ports({ remotePort: 81 })).toEqual([]);
});

test('says that it cannot look where there is nothing to look at', () => {
  expect(() => list(openProcNetTcp(null, true, join(root, 'nowhere')))).toThrow(CapabilityError);
});
