import { TCP_STATES } from '../../base/tcp-state.ts';
import { addRow, CELL, NONE, type SocketTable } from '../../sockets/socket-table.ts';
import { AF_INET, BYTE, type DiagMessage, INFO_BYTE, INFO_WORD, SOCKET_TIMERS, WORD } from './sock-diag.ts';

/**
 * Returns a function that adds a row with what the kernel's list tells of a socket in numbers, and returns where it begins. It is made for a
 * hundred thousand, so it reads words and writes cells, and makes nothing. Keepalive, what follows from it, and whether both ends are on this host,
 * is the caller's to fill.
 */
export function rowAdder(table: SocketTable): (message: DiagMessage) => number {
  const hostNumber = hostNumberer(table.hosts);
  return (message) => {
    const row = addRow(table);
    const { cells } = table;
    const { bytes, words, at, infoAt, infoWords } = message;
    const byte = 4 * at;
    const infoByte = 4 * infoAt;
    const isFour = bytes[byte + BYTE.family] === AF_INET;
    cells[row + CELL.family] = isFour ? 4 : 6;
    const state = bytes[byte + BYTE.state] ?? 0;
    cells[row + CELL.state] = state < TCP_STATES.length ? state : 0;
    cells[row + CELL.localHost] = hostNumber(message, WORD.source, isFour);
    cells[row + CELL.localPort] = 256 * (bytes[byte + BYTE.sourcePort] ?? 0) + (bytes[byte + BYTE.sourcePort + 1] ?? 0);
    cells[row + CELL.remoteHost] = hostNumber(message, WORD.destination, isFour);
    cells[row + CELL.remotePort] =
      256 * (bytes[byte + BYTE.destinationPort] ?? 0) + (bytes[byte + BYTE.destinationPort + 1] ?? 0);
    cells[row + CELL.inode] = words[at + WORD.inode] ?? 0;
    cells[row + CELL.cookieLow] = words[at + WORD.cookieLow] ?? 0;
    cells[row + CELL.cookieHigh] = words[at + WORD.cookieHigh] ?? 0;
    cells[row + CELL.uid] = words[at + WORD.uid] ?? 0;
    const timer = bytes[byte + BYTE.timer] ?? 0;
    cells[row + CELL.timer] = timer < SOCKET_TIMERS.length ? timer : 0;
    cells[row + CELL.idleMs] = words[at + WORD.expires] ?? 0;
    cells[row + CELL.retransmits] = infoWords < 2 ? NONE : (bytes[infoByte + INFO_BYTE.retransmits] ?? NONE);
    cells[row + CELL.unansweredProbes] = infoWords < 2 ? NONE : (bytes[infoByte + INFO_BYTE.probes] ?? NONE);
    copyInfo(message, INFO_WORD.unacked, cells, row + CELL.unacked);
    copyInfo(message, INFO_WORD.lastDataSent, cells, row + CELL.lastSentMs);
    copyInfo(message, INFO_WORD.lastDataReceived, cells, row + CELL.lastReceivedMs);
    copyInfo(message, INFO_WORD.lastAckReceived, cells, row + CELL.lastAcknowledgedMs);
    cells[row + CELL.risk] = NONE;
    cells[row + CELL.ownerPid] = NONE;
    cells[row + CELL.recognised] = NONE;
    return row;
  };
}

/** One word of struct tcp_info; the one number that means null gives way to the next lower. */
function copyInfo({ words, infoAt, infoWords }: DiagMessage, word: number, cells: Uint32Array, cell: number): void {
  const value = words[infoAt + word] ?? NONE;
  cells[cell] = word >= infoWords ? NONE : value === NONE ? NONE - 1 : value;
}

/** Returns a function that gives the number of an address in `hosts`, to which it is added the first time. */
function hostNumberer(hosts: string[]): (message: DiagMessage, word: number, isFour: boolean) => number {
  const four = new Map<number, number>();
  const six: ByThreeWords<Map<number, number>> = new Map();
  return (message, word, isFour) => {
    const { words } = message;
    const first = message.at + word;
    const known = isFour ? four : upToLast(six, words, first);
    const last = words[isFour ? first : first + 3] ?? 0;
    let number = known.get(last);
    if (number === undefined) {
      const address = message.address(word);
      number = hosts.push(isFour ? `${address}:` : `[${address}]:`) - 1;
      known.set(last, number);
    }
    return number;
  };
}

type ByThreeWords<T> = Map<number, Map<number, Map<number, T>>>;

function upToLast(six: ByThreeWords<Map<number, number>>, words: Uint32Array, at: number): Map<number, number> {
  return inner(inner(inner(six, words[at] ?? 0), words[at + 1] ?? 0), words[at + 2] ?? 0);
}

function inner<T>(outer: Map<number, Map<number, T>>, key: number): Map<number, T> {
  let found = outer.get(key);
  if (found === undefined) {
    found = new Map();
    outer.set(key, found);
  }
  return found;
}
