import { readFileSync } from 'node:fs';

/** How many descriptors this process may have open (RLIMIT_NOFILE, the soft limit, from /proc/self/limits); null when that cannot be read. */
export function descriptorLimit(path = '/proc/self/limits'): number | null {
  try {
    return parseDescriptorLimit(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Reads the line `Max open files` of proc(5)'s limits; null for `unlimited` or a text without it. */
export function parseDescriptorLimit(text: string): number | null {
  const soft = /^Max open files\s+(\d+)\s/m.exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}
