/** How the readers of configuration get at files, and how they name places in them. They know no disk. */
import { ParseError } from '../../../base/errors.ts';

/** What reading one file came to. The reason is short and in words: `no such file`, `is a folder`. */
export type ConfigFile = { kind: 'file'; bytes: Uint8Array } | { kind: 'unreadable'; reason: string };

export interface ConfigFiles {
  /** Bounded in size, and never waiting for a device or a pipe. */
  read(path: string): ConfigFile;
  /** The names in a folder, in any order; none when it is missing or may not be listed. An empty path is the current folder. */
  list(folder: string): string[];
}

/** A place in a file: lines count from 1. */
export interface Place {
  file: string;
  line: number;
}

/** As a person reads it: `nginx.conf:12`. */
export function placeText({ file, line }: Place): string {
  return `${file}:${line}`;
}

/** A word of a configuration may have thousands of characters, and stand in the message. */
const LONGEST_MESSAGE = 300;

/** The error for something wrong at a place. */
export function parseError(place: Place, message: string, hint: string | null = null): ParseError {
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}...` : message;
  return new ParseError(`${placeText(place)}: ${short}`, hint);
}
