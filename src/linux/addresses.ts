/** IP addresses as bytes in the kernel's structs and as text. */
import type { StructView } from './struct-view.ts';

/** The 16 bytes of an IPv6 address at an offset, in the form of RFC 5952, IPv4-mapped ones as `::ffff:192.0.2.1`. */
export function formatIpv6(view: StructView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.networkU16(at + 2 * index));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${formatIpv4(view, at + 12)}`;
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

/** The four bytes of an IPv4 address at an offset. */
export function formatIpv4(view: StructView, at: number): string {
  return `${view.u8(at)}.${view.u8(at + 1)}.${view.u8(at + 2)}.${view.u8(at + 3)}`;
}

/** Four bytes of IPv4, sixteen of IPv6, of an address as these functions write it. */
export function addressBytes(text: string): number[] {
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0] ?? '';
  const end = dotted === '' ? [] : dotted.split('.').map(Number);
  if (!text.includes(':')) return end;
  const [left = [], right = []] = text
    .slice(0, text.length - dotted.length)
    .split('::')
    .map((half) =>
      half
        .split(':')
        .filter(Boolean)
        .map((group) => Number.parseInt(group, 16)),
    )
    .map((groups) => groups.flatMap((group) => [group >> 8, group & 255]));
  const zeros = new Array<number>(16 - left.length - right.length - end.length).fill(0);
  return [...left, ...zeros, ...right, ...end];
}

/** Numbers of addresses, by their bytes, and their texts: a host has many sockets and few addresses. */
export class AddressBook {
  private readonly four = new Map<number, number>();
  private readonly six: ByThreeWords<Map<number, number>> = new Map();
  /** By their numbers. */
  readonly texts: string[] = [];

  /** The number of the address at an offset: the next that is free when it comes for the first time. */
  numberAt(view: StructView, at: number, family: 4 | 6): number {
    const known = family === 4 ? this.four : this.endingsOf(view, at);
    const last = view.u32(family === 4 ? at : at + 12);
    let number = known.get(last);
    if (number === undefined) {
      number = this.texts.push(family === 4 ? formatIpv4(view, at) : formatIpv6(view, at)) - 1;
      known.set(last, number);
    }
    return number;
  }

  /** Those of IPv6 with the same first twelve bytes, by the last four. */
  private endingsOf(view: StructView, at: number): Map<number, number> {
    return inner(inner(inner(this.six, view.u32(at)), view.u32(at + 4)), view.u32(at + 8));
  }
}

type ByThreeWords<T> = Map<number, Map<number, Map<number, T>>>;

function inner<T>(outer: Map<number, Map<number, T>>, key: number): Map<number, T> {
  let found = outer.get(key);
  if (found === undefined) {
    found = new Map();
    outer.set(key, found);
  }
  return found;
}
