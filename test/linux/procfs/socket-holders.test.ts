import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadLibc } from '../../../src/linux/libc.ts';
import {
  blockedThreads,
  commandOf,
  eachSocketHolder,
  hidesProcesses,
  linkOpener,
  openLinks,
  parseSyscall,
  scanSocketHolders,
  socketInode,
  startTimeOf,
} from '../../../src/linux/procfs/socket-holders.ts';

describe('in a /proc made for the test', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kaprobe-proc-'));
    for (const [pid, links] of [
      [7, { 0: '/dev/null', 3: 'socket:[100]', 4: 'socket:[200]' }],
      [8, { 3: 'socket:[100]', 5: 'pipe:[100]', 6: 'socket:[x]' }],
    ] as const) {
      mkdirSync(join(root, `${pid}/fd`), { recursive: true });
      for (const [fd, target] of Object.entries(links)) symlinkSync(target, join(root, `${pid}/fd/${fd}`));
    }
    mkdirSync(join(root, '9')); // has ended meanwhile
    mkdirSync(join(root, 'self'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('all holders of the inodes asked for are found, in whatever processes', () => {
    expect(scanSocketHolders(new Set([100]), null, root)).toEqual({
      holders: new Map([
        [
          100,
          [
            { pid: 7, fd: 3 },
            { pid: 8, fd: 3 },
          ],
        ],
      ]),
      hiddenPids: [],
    });
    expect(scanSocketHolders(new Set([100]), [8], root).holders.get(100)).toEqual([{ pid: 8, fd: 3 }]);
  });

  test('the C library reads the same links', async () => {
    const open = linkOpener(await loadLibc());
    for (const [pid, fds] of [
      [7, [0, 3, 4, 77]],
      [8, [3, 5, 10]],
    ] as const) {
      symlinkSync(`socket:[${2 ** 32 - 1}]`, join(root, `${pid}/fd/10`));
      const folder = join(root, `${pid}/fd`);
      const links = open(folder);
      for (const fd of fds) expect(links.inodeOf(fd)).toBe(socketInode(join(folder, String(fd))));
      links.close();
    }
    rmSync(join(root, '7/fd/10'));
    expect(() => open(join(root, '9/fd'))).toThrow(/ENOENT/);
    const seen: number[][] = [];
    eachSocketHolder([7], root, open, (...holder) => seen.push(holder));
    expect(seen.sort()).toEqual([
      [100, 7, 3],
      [200, 7, 4],
    ]);
  });

  test('a name is what the process chose, however it looks; one that is gone has none', () => {
    writeFileSync(join(root, '7/comm'), '\u001b[2J) R 1\n');
    expect(commandOf(7, root)).toBe('\u001b[2J) R 1');
    expect(commandOf(9, root)).toBeNull();
  });

  test('the start of a process is found behind any name', () => {
    const fields = Array.from({ length: 48 }, (_, index) => String(index + 4)).join(' ');
    writeFileSync(join(root, '7/stat'), `7 (a) R 1 (b)) S ${fields}\n`);
    expect(startTimeOf(7, root)).toBe('22');
    expect(startTimeOf(9, root)).toBeNull();
  });

  test('threads that wait on a descriptor are found; of a process that may not be looked into, nothing', () => {
    for (const [tid, text] of [
      [7, '45 0x3 0x7ffe 0x1 0x0 0x0 0x0 0x7ffe 0x7f00\n'],
      [70, 'running\n'],
    ] as const) {
      mkdirSync(join(root, `7/task/${tid}`), { recursive: true });
      writeFileSync(join(root, `7/task/${tid}/syscall`), text);
    }
    expect(blockedThreads(7, root)).toEqual(process.arch === 'x64' ? [{ tid: 7, fd: 3, syscall: 'recvfrom' }] : []);
    expect(blockedThreads(8, root)).toBeNull();
  });
});

test('the descriptors of this very process are found', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const inodes = new Set<number>();
    eachSocketHolder([process.pid], '/proc', openLinks, (inode) => inodes.add(inode));
    expect(inodes.size).toBeGreaterThan(0);
    const { holders } = scanSocketHolders(inodes, [process.pid]);
    expect([...holders.keys()].sort()).toEqual([...inodes].sort());
  } finally {
    server.close();
  }
});

describe('parseSyscall', () => {
  test.each([
    ['45 0x3 0x7f 0x1 0x0 0x0 0x0 0x7f 0x7f\n', { fd: 3, syscall: 'recvfrom' }],
    ['0 0xffffffff00000005 0x7f 0x1\n', { fd: 5, syscall: 'read' }],
    ['7 0x7ffe 0x1 0xffffffff\n', null], // poll(2): the first argument is no descriptor
    ['running\n', null],
    ['-1 0x7ffd 0x7f\n', null],
    ['', null],
  ])('reads %j on x64', (text, expected) => {
    expect(parseSyscall(text, 'x64')).toEqual(expected);
  });

  test('has other numbers on arm64, and none elsewhere', () => {
    expect(parseSyscall('207 0x3 0x0 ', 'arm64')).toEqual({ fd: 3, syscall: 'recvfrom' });
    expect(parseSyscall('45 0x3 0x0 ', 's390x')).toBeNull();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseSyscall(text, 'x64')).not.toThrow();
      }),
    );
  });
});

test.each([
  ['proc /proc proc rw,nosuid,relatime,hidepid=2 0 0', true],
  ['proc /proc proc rw,hidepid=invisible,gid=4 0 0', true],
  ['proc /proc proc rw,hidepid=ptraceable 0 0', true],
  ['proc /proc proc rw,hidepid=1 0 0', false],
  ['proc /proc proc rw,relatime 0 0', false],
  ['proc /mnt/proc proc rw,hidepid=2 0 0', false],
  ['', false],
])('whether %j hides processes: %j', (line, expected) => {
  expect(hidesProcesses(`sysfs /sys sysfs rw 0 0\n${line}\n`)).toBe(expected);
});
