import { readFileSync } from 'node:fs';

/** How many descriptors this process may have open (RLIMIT_NOFILE, the soft limit, from /proc/self/limits); null when that cannot be read. */
export function descriptorLimit(path = '/proc/self/limits'): number | null {
  try {
    return parseDescriptorLimit(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** What the program itself has open, and a SYN sweep for a while. */
const OWN_DESCRIPTORS = 40;

/** How many connections this process can have open beside what it needs for itself; infinite where no limit is known. */
export function descriptorsToSpare(limit: number | null = descriptorLimit()): number {
  return limit === null ? Number.POSITIVE_INFINITY : Math.max(0, limit - OWN_DESCRIPTORS);
}

/** Reads the line `Max open files` of proc(5)'s limits; null for `unlimited` or a text without it. */
export function parseDescriptorLimit(text: string): number | null {
  const soft = /^Max open files\s+(\d+)\s/m.exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}
