import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };
const LAST_CODE_POINT = 0x10_ffff;

/**
 * Any character, as a text. fast-check's own unit "binary" is the same, but makes a table of all million characters for each arbitrary
 * that uses it.
 */
const anyCharacter = fc.integer({ min: 0, max: LAST_CODE_POINT - SURROGATES.count }).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (character) => {
    const [first, ...more] = typeof character === 'string' ? character : '';
    const code = first?.codePointAt(0);
    if (code === undefined || more.length > 0) throw new Error('not one character');
    return code < SURROGATES.first ? code : code - SURROGATES.count;
  },
);

/** Texts of any characters whatever, control characters and those beyond the first plane included. */
export function anyText(constraints: { maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: anyCharacter });
}
