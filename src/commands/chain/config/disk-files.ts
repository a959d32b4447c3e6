/** Reads the files of a configuration from the disk. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import type { ConfigFile, ConfigFiles } from './files.ts';

/** No configuration is longer; a log that was named by mistake is. */
const LARGEST_FILE_BYTES = 8 * 1024 * 1024;
const LARGEST_TOTAL_BYTES = 64 * 1024 * 1024;

/** Files as they lie on the disk. Symbolic links are followed; only regular files are read, 8 MiB each and 64 MiB in all. Throws nothing. */
export function diskFiles(): ConfigFiles {
  let totalBytes = 0;
  return {
    read(path): ConfigFile {
      const file = readRegularFile(path);
      if (file.kind === 'file') totalBytes += file.bytes.byteLength;
      return totalBytes > LARGEST_TOTAL_BYTES ? unreadable('with it the files are larger than 64 MiB in all') : file;
    },
    list(folder): string[] {
      try {
        return readdirSync(folder === '' ? '.' : folder);
      } catch {
        return []; // as glob(3) does without GLOB_ERR
      }
    },
  };
}

function unreadable(reason: string): ConfigFile {
  return { kind: 'unreadable', reason };
}

function readRegularFile(path: string): ConfigFile {
  let descriptor: number;
  try {
    // A pipe without a writer would keep a plain open waiting.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(reasonOf(error));
  }
  try {
    const file = fstatSync(descriptor);
    if (file.isDirectory()) return unreadable('is a folder');
    if (!file.isFile()) return unreadable('is not a regular file');
    if (file.size > LARGEST_FILE_BYTES) return unreadable('is larger than 8 MiB');
    const bytes = Buffer.alloc(file.size + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (length > file.size) return unreadable('grew while it was read');
    return { kind: 'file', bytes: bytes.subarray(0, length) };
  } catch (error) {
    return unreadable(reasonOf(error));
  } finally {
    closeSync(descriptor);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read';
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'is a folder';
    default:
      return code;
  }
}
