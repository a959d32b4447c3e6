/** The wildcards of `include`: glob(3) with no flags, sorted by bytes because nginx sets no locale. */
import type { ConfigFiles } from '../config/files.ts';

/** As ngx_conf_include decides it. */
export function hasWildcard(path: string): boolean {
  return /[*?[]/.test(path);
}

/** The paths that a pattern with wildcards matches, sorted; none when nothing does. Wildcards may stand in every part of the path. */
export function expandGlob(pattern: string, files: ConfigFiles): string[] {
  let paths = [pattern.startsWith('/') ? '/' : ''];
  const parts = pattern.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const end = isLast ? '' : '/';
    if (!hasWildcard(part) && !isLast) {
      paths = paths.map((path) => path + part + end);
      continue;
    }
    paths = paths.flatMap((path) =>
      files
        .list(path)
        .filter((name) => matches(part, name))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map((name) => path + name + end),
    );
  }
  return paths;
}

/** Reports whether a name fits one part of a pattern: `*`, `?`, `[a-z]`, `[!a]`, `\*`. A leading dot must be written (glob(7)). */
export function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  let p = 0;
  let n = 0;
  let starAt = -1; // where to go on when a match fails: one more character for the last star
  let starTook = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      starAt = p++;
      starTook = n;
      continue;
    }
    const length = matchOne(pattern, p, name[n] ?? '');
    if (length > 0) {
      p += length;
      n++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      n = ++starTook;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** How many characters of the pattern match this one character; 0: it does not match. */
function matchOne(pattern: string, p: number, character: string): number {
  const first = pattern[p];
  if (first === undefined) return 0;
  if (first === '?') return 1;
  if (first === '\\' && p + 1 < pattern.length) return pattern[p + 1] === character ? 2 : 0;
  if (first === '[') {
    const negated = pattern[p + 1] === '!' || pattern[p + 1] === '^';
    const from = p + (negated ? 2 : 1);
    const close = pattern.indexOf(']', from + 1); // a ] that stands first is one of the characters
    if (close > 0) return inClass(pattern.slice(from, close), character) !== negated ? close - p + 1 : 0;
  }
  return first === character ? 1 : 0;
}

function inClass(members: string, character: string): boolean {
  for (let i = 0; i < members.length; i++) {
    const low = members[i] ?? '';
    const isRange = members[i + 1] === '-' && i + 2 < members.length;
    const high = isRange ? (members[i + 2] ?? '') : low;
    if (low <= character && character <= high) return true;
    if (isRange) i += 2;
  }
  return false;
}
