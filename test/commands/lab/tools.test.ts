import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CapabilityError } from '../../../src/base/errors.ts';
import { findTools, withAdministration } from '../../../src/commands/lab/tools.ts';

const TOOLS = ['ip', 'nft', 'unshare', 'nsenter', 'cat', 'tee'];
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaprobe-tools-'));
  for (const tool of TOOLS) writeFileSync(join(folder, tool), '#!/bin/true\n', { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder that has all tools but these. */
function without(...missing: string[]): string {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const tool of TOOLS) if (!missing.includes(tool)) writeFileSync(join(bin, tool), '', { mode: 0o755 });
  return bin;
}

describe('findTools', () => {
  it('finds each tool in the first folder that has it', () => {
    const bin = without('ip');
    const tools = findTools(`/nowhere:${bin}:${folder}`);
    expect(tools.ip).toBe(join(folder, 'ip'));
    expect(tools.nft).toBe(join(bin, 'nft'));
  });

  it.each([
    [['ip'], 'ip not found', 'iproute2'],
    [['nft'], 'nft not found', 'nftables'],
    [['unshare'], 'unshare not found', 'util-linux'],
    [['ip', 'nft'], 'ip, nft not found', 'iproute2 nftables'],
    [['unshare', 'nsenter'], 'unshare, nsenter not found', 'util-linux'],
    [TOOLS, 'ip, nft, unshare, nsenter, cat, tee not found', 'iproute2 nftables util-linux coreutils'],
  ])('names the package when %j is missing', (missing, message, packages) => {
    const find = () => findTools(without(...missing));
    expect(find).toThrow(CapabilityError);
    expect(find).toThrow(message);
    expect(find).toThrow(expect.objectContaining({ hint: `on Debian and Ubuntu: apt-get install ${packages}` }));
  });

  it('takes neither a folder nor a file that cannot be run for a tool', () => {
    const bin = without('ip', 'nft');
    mkdirSync(join(bin, 'ip'));
    writeFileSync(join(bin, 'nft'), '');
    chmodSync(join(bin, 'nft'), 0o644);
    expect(() => findTools(bin)).toThrow('ip, nft not found');
  });

  it('does not look into the current folder', () => {
    expect(() => findTools(':.:')).toThrow(CapabilityError);
  });
});

describe('withAdministration', () => {
  it.each([
    ['/bin:/usr/bin', '/bin:/usr/bin:/usr/sbin:/sbin'],
    ['/usr/sbin:/bin', '/usr/sbin:/bin:/sbin'],
    [undefined, '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'],
  ])('adds to %s what is not there yet', (path, expected) => {
    expect(withAdministration(path)).toBe(expected);
  });
});
