import { endianness } from 'node:os';

const LITTLE_ENDIAN = endianness() === 'LE';

/**
 * A struct of the kernel where it stands in a buffer, in this machine's byte order. It can be moved on to the next one, so that reading a hundred
 * thousand makes nothing. Numbers stand at multiples of their size; beyond the buffer they read as 0.
 */
export class StructView {
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private begin = 0;
  private size: number;

  /** Stands at first on all of the bytes. */
  constructor(bytes: Uint8Array) {
    // Words can only be read where the machine has them.
    this.bytes = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.words = new Uint32Array(this.bytes.buffer, this.bytes.byteOffset, bytes.byteLength >> 2);
    this.size = bytes.byteLength;
  }

  /** Moves to a struct of so many bytes, which must lie within the buffer and begin at a multiple of four. */
  moveTo(begin: number, size: number): void {
    this.begin = begin;
    this.size = size;
  }

  u8(offset: number): number {
    return this.bytes[this.begin + offset] ?? 0;
  }

  u16(offset: number): number {
    const swapped = this.networkU16(offset);
    return LITTLE_ENDIAN ? ((swapped & 0xff) << 8) | (swapped >> 8) : swapped;
  }

  u32(offset: number): number {
    return this.words[(this.begin + offset) >> 2] ?? 0;
  }

  /** null: the struct ends before it, as an older kernel's does. */
  u32OrNull(offset: number): number | null {
    return offset + 4 <= this.size ? this.u32(offset) : null;
  }

  /** Exact up to 2^53; null: the struct ends before it. */
  u64OrNull(offset: number): number | null {
    const [first, second] = [this.u32OrNull(offset), this.u32OrNull(offset + 4)];
    if (first === null || second === null) return null;
    return LITTLE_ENDIAN ? second * 2 ** 32 + first : first * 2 ** 32 + second;
  }

  /** Of 16 bits in the order of the network, which ports and addresses are in. */
  networkU16(offset: number): number {
    return (this.u8(offset) << 8) | this.u8(offset + 1);
  }
}
