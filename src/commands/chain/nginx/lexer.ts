/** Splits the bytes of one file into statements, as ngx_conf_read_token does. */
import type { ParseError } from '../../../base/errors.ts';
import { type Place, parseError } from '../config/files.ts';

/** The words of a directive up to its `;` or `{`, or what ends the list of directives. */
type Statement =
  | { kind: 'simple' | 'block'; words: string[]; place: Place }
  | { kind: 'end-of-block' }
  | { kind: 'end-of-file' };

export interface Lexer {
  /** Throws a ParseError with file and line. */
  next(): Statement;
  /** Where it stands. */
  place(): Place;
  /** Skips the Lua code between the braces of OpenResty's blocks, up to the `}` that belongs to the `{` just read. */
  skipLua(opening: Place): void;
}

/** NGX_CONF_BUFFER: a word or a comment that does not fit into it is refused by nginx too. */
const BUFFER_BYTES = 4096;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const DOLLAR = 0x24;
const APOSTROPHE = 0x27;
const CLOSING_PARENTHESIS = 0x29;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Sticky: it is tried at one place and never searched for. */
const LUA_LONG_BRACKET = /\[=*\[/y;

/** `file` is only for the places in messages. */
export function createLexer(bytes: Uint8Array, file: string): Lexer {
  // One character a byte: nginx counts bytes and knows no encoding.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  let pos = 0;
  let line = 1;
  const place = (atLine = line): Place => ({ file, line: atLine });
  const unexpected = (code: number): ParseError => parseError(place(), `unexpected "${String.fromCharCode(code)}"`);
  const endedTooSoon = (): ParseError => parseError(place(), 'unexpected end of file, expecting ";" or "}"');
  if (text.startsWith('\xef\xbb\xbf')) {
    throw parseError(
      place(),
      'begins with a byte order mark, which nginx takes for a part of the first word',
      'save it without',
    );
  }

  /** From an opening quote to behind the closing one. */
  const quotedWord = (quote: number): string => {
    const startLine = line;
    const start = ++pos;
    for (;;) {
      const code = text.charCodeAt(pos);
      if (pos - start >= BUFFER_BYTES - 1) {
        throw parseError(
          place(startLine),
          `too long parameter, probably missing terminating ${String.fromCharCode(quote)}`,
        );
      }
      if (Number.isNaN(code)) throw endedTooSoon();
      if (code === quote) break;
      pos += code === BACKSLASH ? 2 : 1;
      if (code === LF || (code === BACKSLASH && text.charCodeAt(pos - 1) === LF)) line++;
    }
    return plainWord(text.slice(start, pos++));
  };

  /** Up to a space, `;` or `{`, which is left where it is. The brace of `${name}` does not end it. */
  const bareWord = (): string => {
    const startLine = line;
    const start = pos;
    let inVariable = false;
    for (;;) {
      const code = text.charCodeAt(pos);
      if (pos - start >= BUFFER_BYTES) throw parseError(place(startLine), 'too long parameter');
      if (Number.isNaN(code)) throw endedTooSoon();
      if (isSpace(code) || code === SEMICOLON || (code === OPENING_BRACE && !inVariable)) break;
      inVariable = code === DOLLAR || (inVariable && code === OPENING_BRACE);
      pos += code === BACKSLASH ? 2 : 1;
      if (code === BACKSLASH && text.charCodeAt(pos - 1) === LF) line++;
    }
    return plainWord(text.slice(start, pos));
  };

  const skipComment = (): void => {
    const end = text.indexOf('\n', pos);
    if ((end < 0 ? text.length : end) - pos >= BUFFER_BYTES) {
      throw parseError(place(), `too long parameter: nginx takes no comment of ${BUFFER_BYTES} bytes or more`);
    }
    pos = end < 0 ? text.length : end;
  };

  const next = (): Statement => {
    const words: string[] = [];
    let startLine = line;
    let needsSpace = false; // after a quoted word
    for (;;) {
      const code = text.charCodeAt(pos);
      if (Number.isNaN(code)) {
        if (words.length > 0) throw endedTooSoon();
        return { kind: 'end-of-file' };
      }
      if (isSpace(code)) {
        if (code === LF) line++;
        pos++;
        needsSpace = false;
      } else if (code === SEMICOLON || code === OPENING_BRACE) {
        if (words.length === 0) throw unexpected(code);
        pos++;
        return { kind: code === SEMICOLON ? 'simple' : 'block', words, place: place(startLine) };
      } else if (needsSpace && code !== CLOSING_PARENTHESIS) {
        throw unexpected(code);
      } else if (code === CLOSING_BRACE) {
        if (words.length > 0) throw unexpected(code);
        pos++;
        return { kind: 'end-of-block' };
      } else if (code === HASH) {
        skipComment();
      } else {
        if (words.length === 0) startLine = line;
        const isQuoted = code === QUOTE || code === APOSTROPHE;
        words.push(isQuoted ? quotedWord(code) : bareWord());
        needsSpace = isQuoted;
      }
    }
  };

  const skipLua = (opening: Place): void => {
    const unclosed = (what: string): ParseError => parseError(opening, `the Lua block lacks its ${what}`);
    const start = pos;
    const skipBehind = (end: string): void => {
      const found = text.indexOf(end, pos);
      if (found < 0) throw unclosed(`"${end}"`);
      pos = found + end.length;
    };
    /** From `[[` or `[==[` behind its `]]` or `]==]`; reports whether there is one. */
    const skipLongBracket = (): boolean => {
      LUA_LONG_BRACKET.lastIndex = pos;
      const [opener] = LUA_LONG_BRACKET.exec(text) ?? [];
      if (opener === undefined) return false;
      pos += opener.length;
      skipBehind(opener.replaceAll('[', ']'));
      return true;
    };
    for (let depth = 1; depth > 0; ) {
      const code = text.charCodeAt(pos);
      if (Number.isNaN(code)) throw unclosed('"}"');
      if (text.startsWith('--', pos)) {
        pos += 2;
        if (!skipLongBracket()) skipBehind('\n');
      } else if (code === QUOTE || code === APOSTROPHE) {
        pos++;
        while (text.charCodeAt(pos) !== code) {
          if (pos >= text.length) throw unclosed(String.fromCharCode(code));
          pos += text.charCodeAt(pos) === BACKSLASH ? 2 : 1;
        }
        pos++;
      } else if (!skipLongBracket()) {
        if (code === OPENING_BRACE) depth++;
        if (code === CLOSING_BRACE) depth--;
        pos++;
      }
    }
    for (let at = text.indexOf('\n', start); at >= 0 && at < pos; at = text.indexOf('\n', at + 1)) line++;
  };

  return { next, place, skipLua };
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === CR || code === LF;
}

/** Takes the backslash from `\"`, `\'` and `\\`, and makes `\t`, `\r` and `\n` what they stand for; before others it stays. */
function plainWord(raw: string): string {
  const plain = !raw.includes('\\')
    ? raw
    : raw.replace(/\\(["'\\trn])/g, (_, escaped: string) => ({ t: '\t', r: '\r', n: '\n' })[escaped] ?? escaped);
  return /[\x80-\xff]/.test(plain) ? Buffer.from(plain, 'latin1').toString('utf8') : plain;
}
