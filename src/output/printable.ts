/**
 * Control characters (C0, DEL, C1), line and paragraph separators, zero-width and bidirectional marks, and surrogates without their
 * other half: what a peer, a certificate or a resolver could use to move the cursor, recolour the screen or reorder a line.
 */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Makes a text from outside safe on a terminal: each unprintable character becomes its visible escape, such as `\x1b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for every text in plain data, however deep. Keys are kaprobe's own and stay. */
export function printableDeep<T>(data: T): T {
  if (typeof data === 'string') return printable(data) as T; // T is string here
  if (Array.isArray(data)) return data.map(printableDeep) as T; // an array of the same shape
  if (typeof data === 'object' && data !== null) {
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, printableDeep(value)])) as T; // same keys, same shapes
  }
  return data;
}

/** The same characters as JSON escapes them: the parsed text is unchanged, but the document holds none of them raw. */
export function escapeInJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
