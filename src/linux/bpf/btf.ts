/** The types of the running kernel, as it describes them itself: /sys/kernel/btf/vmlinux, Documentation/bpf/btf.rst. */

export interface Btf {
  /** Where a member lies in a struct, in bytes. The path leads through the structs within it, leaving out those without a name. null: there is none. */
  offsetOf(struct: string, path: readonly string[]): number | null;
  /** The number that the kernel knows a function by; null: there is none of that name. */
  functionId(name: string): number | null;
}

const MAGIC = 0xeb9f;
/** struct btf_header, in words: flags and version stand behind the magic. */
const HEADER = { length: 1, typesAt: 2, typesLength: 3, stringsAt: 4, stringsLength: 5, words: 6 } as const;
/** struct btf_type, in words. */
const TYPE = { name: 0, info: 1, type: 2, words: 3 } as const;
const KIND = { struct: 4, union: 5, function: 12 } as const;
/** typedef, volatile, const, restrict, type tag: they stand for another type. */
const ALIASES = new Set([8, 9, 10, 11, 18]);
/** How many words follow a type, by its kind: so many, and so many for each of its members. */
const TAIL: readonly (readonly [fixed: number, each: number])[] = [
  [0, 0], // void
  [1, 0], // int
  [0, 0], // pointer
  [3, 0], // array
  [0, 3], // struct
  [0, 3], // union
  [0, 2], // enum
  [0, 0], // forward
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // function
  [0, 2], // prototype
  [1, 0], // variable
  [0, 3], // section
  [0, 0], // float
  [1, 0], // declaration tag
  [0, 0], // type tag
  [0, 3], // enum of 64 bits
];

/** null when the bytes are not BTF, hold kinds that are not known here, or are of the other byte order. */
export function readBtf(bytes: Uint8Array): Btf | null {
  if (bytes.length < 4 * HEADER.words || bytes.byteOffset % 4 !== 0) return null;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const word = (at: number): number => words[at] ?? 0;
  if ((word(0) & 0xffff) !== MAGIC) return null;
  const stringsAt = word(HEADER.length) + word(HEADER.stringsAt);
  const strings = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(
    stringsAt,
    stringsAt + word(HEADER.stringsLength),
  );
  const types = placesOfTypes(words, (word(HEADER.length) + word(HEADER.typesAt)) / 4, word(HEADER.typesLength) / 4);
  if (types === null) return null;

  const kindOf = (at: number): number => (word(at + TYPE.info) >>> 24) & 0x1f;
  /** No text stands there twice. */
  const nameNumber = (name: string): number => strings.indexOf(`\0${name}\0`, 0, 'latin1') + 1;
  const idOf = (name: string, kind: number): number | null => {
    const number = nameNumber(name);
    if (number === 0) return null;
    for (let id = 1; id < types.length; id += 1) {
      const at = types[id] ?? 0;
      if (words[at] === number && kindOf(at) === kind) return id;
    }
    return null;
  };
  const offsetIn = (id: number, path: readonly number[]): number | null => {
    let at = types[id] ?? 0;
    while (ALIASES.has(kindOf(at))) at = types[word(at + TYPE.type)] ?? 0;
    if (kindOf(at) !== KIND.struct && kindOf(at) !== KIND.union) return null;
    const info = word(at + TYPE.info);
    const hasBitFields = info >>> 31 === 1;
    const [first, ...rest] = path;
    for (let member = at + TYPE.words; member < at + TYPE.words + 3 * (info & 0xffff); member += 3) {
      const bits = hasBitFields ? word(member + 2) & 0xff_ffff : word(member + 2);
      const isIt = word(member) === first;
      if (isIt && rest.length === 0) return bits % 8 === 0 ? bits / 8 : null;
      const within = isIt ? rest : word(member) === 0 ? path : null;
      const more = within === null ? null : offsetIn(word(member + 1), within);
      if (more !== null) return bits / 8 + more;
    }
    return null;
  };
  return {
    offsetOf: (struct, path) => {
      const id = idOf(struct, KIND.struct);
      const numbers = path.map(nameNumber);
      return id === null || numbers.includes(0) ? null : offsetIn(id, numbers);
    },
    functionId: (name) => idOf(name, KIND.function),
  };
}

/** Where each type begins, in words, by its number; 0, which is void, has no place. */
function placesOfTypes(words: Uint32Array, from: number, length: number): Uint32Array | null {
  const end = from + length;
  if (!Number.isInteger(from) || !Number.isInteger(end) || end > words.length) return null;
  const places = new Uint32Array(1 + Math.floor(length / TYPE.words));
  let count = 1;
  for (let at = from; at < end; ) {
    places[count] = at;
    count += 1;
    const info = words[at + TYPE.info] ?? 0;
    const tail = TAIL[(info >>> 24) & 0x1f];
    if (tail === undefined) return null;
    at += TYPE.words + tail[0] + tail[1] * (info & 0xffff);
  }
  return places.subarray(0, count);
}
