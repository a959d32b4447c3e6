import { endianness } from 'node:os';

const LITTLE_ENDIAN = endianness() === 'LE';

/**
 * A struct of the kernel where it stands in a buffer, in this machine's byte order. It can be moved on to the next one, so that reading a hundred
 * thousand makes nothing. What lies beyond its end reads as 0, since older kernels end a struct earlier.
 */
export class StructView {
  private readonly view: DataView;
  private begin = 0;
  private size: number;

  /** Stands at first on all of the bytes. */
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = bytes.byteLength;
  }

  /** Moves to a struct of so many bytes, which must lie within the buffer. */
  moveTo(begin: number, size: number): void {
    if (begin + size > this.view.byteLength) throw new RangeError(`a struct at ${begin} ends beyond the buffer`);
    this.begin = begin;
    this.size = size;
  }

  u8(offset: number): number {
    return offset < this.size ? this.view.getUint8(this.begin + offset) : 0;
  }

  u16(offset: number): number {
    return offset + 2 <= this.size ? this.view.getUint16(this.begin + offset, LITTLE_ENDIAN) : 0;
  }

  u32(offset: number): number {
    return offset + 4 <= this.size ? this.view.getUint32(this.begin + offset, LITTLE_ENDIAN) : 0;
  }

  /** null: the struct ends before it. */
  u32OrNull(offset: number): number | null {
    return offset + 4 <= this.size ? this.view.getUint32(this.begin + offset, LITTLE_ENDIAN) : null;
  }

  /** Exact up to 2^53; null: the struct ends before it. */
  u64OrNull(offset: number): number | null {
    return offset + 8 <= this.size ? Number(this.view.getBigUint64(this.begin + offset, LITTLE_ENDIAN)) : null;
  }

  /** Of 16 bits in the order of the network, which ports and addresses are in. */
  networkU16(offset: number): number {
    return offset + 2 <= this.size ? this.view.getUint16(this.begin + offset) : 0;
  }
}
