import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { CapabilityError } from '../../base/errors.ts';

/** Which Debian package brings which program. */
const PACKAGES = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  cat: 'coreutils',
  tee: 'coreutils',
} as const;

/** The absolute paths of the programs that build the network. */
export type Tools = Record<keyof typeof PACKAGES, string>;

/** `path` with the folders of the administration tools, which ordinary users often do not have in theirs. */
export function withAdministration(path: string | undefined): string {
  const folders = (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return [...folders, ...['/usr/sbin', '/sbin'].filter((folder) => !folders.includes(folder))].join(delimiter);
}

/**
 * Finds the programs in a search path written like PATH.
 *
 * @throws CapabilityError that names all that are missing, and the packages to install.
 */
export function findTools(path: string): Tools {
  // Empty and relative entries stand for the current folder, whose programs must not be run by accident.
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const missing: (keyof Tools)[] = [];
  const find = (name: keyof Tools): string => {
    const file = folders.map((folder) => join(folder, name)).find(isProgram);
    if (file === undefined) missing.push(name);
    return file ?? '';
  };
  const [ip, nft, unshare, nsenter] = [find('ip'), find('nft'), find('unshare'), find('nsenter')];
  const tools = { ip, nft, unshare, nsenter, cat: find('cat'), tee: find('tee') };
  if (missing.length === 0) return tools;
  const packages = new Set(missing.map((name) => PACKAGES[name]));
  throw new CapabilityError(
    `cannot build a network: ${missing.join(', ')} not found`,
    `on Debian and Ubuntu: apt-get install ${[...packages].join(' ')}`,
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
