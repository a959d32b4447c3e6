/** Splits the bytes of one file into statements, as ngx_conf_read_token does. */
import type { ParseError } from '../../../base/errors.ts';
import { type Place, parseError } from '../config/files.ts';

/** The words of a directive up to its `;` or `{`, or what ends the list of directives. */
type Statement =
  | { kind: 'simple' | 'block'; words: string[]; place: Place }
  | { kind: 'end-of-block' }
  | { kind: 'end-of-file' };

/** Where the reading of one file stands. */
export interface Lexer {
  /** One character a byte: nginx counts bytes and knows no encoding. */
  text: string;
  /** Only for the places in messages. */
  file: string;
  pos: number;
  /** Counts from 1. */
  line: number;
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

/** Begins a file. Throws a ParseError for a byte order mark. */
export function openLexer(bytes: Uint8Array, file: string): Lexer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const lexer = { text, file, pos: 0, line: 1 };
  if (text.startsWith('\xef\xbb\xbf')) {
    throw parseError(
      lexer,
      'begins with a byte order mark, which nginx takes for a part of the first word',
      'save it without',
    );
  }
  return lexer;
}

/** Reads the next statement. Throws a ParseError with file and line. */
export function nextStatement(lexer: Lexer): Statement {
  const words: string[] = [];
  let place = { file: lexer.file, line: lexer.line };
  let needsSpace = false; // after a quoted word
  for (;;) {
    const code = lexer.text.charCodeAt(lexer.pos);
    if (Number.isNaN(code)) {
      if (words.length > 0) throw endedTooSoon(lexer);
      return { kind: 'end-of-file' };
    }
    if (isSpace(code)) {
      if (code === LF) lexer.line++;
      lexer.pos++;
      needsSpace = false;
    } else if (code === SEMICOLON || code === OPENING_BRACE) {
      if (words.length === 0) throw unexpected(lexer, code);
      lexer.pos++;
      return { kind: code === SEMICOLON ? 'simple' : 'block', words, place };
    } else if (needsSpace && code !== CLOSING_PARENTHESIS) {
      throw unexpected(lexer, code);
    } else if (code === CLOSING_BRACE) {
      if (words.length > 0) throw unexpected(lexer, code);
      lexer.pos++;
      return { kind: 'end-of-block' };
    } else if (code === HASH) {
      skipComment(lexer);
    } else {
      if (words.length === 0) place = { file: lexer.file, line: lexer.line };
      const isQuoted = code === QUOTE || code === APOSTROPHE;
      words.push(isQuoted ? quotedWord(lexer, code) : bareWord(lexer));
      needsSpace = isQuoted;
    }
  }
}

function unexpected(lexer: Lexer, code: number): ParseError {
  return parseError(lexer, `unexpected "${String.fromCharCode(code)}"`);
}

function endedTooSoon(lexer: Lexer): ParseError {
  return parseError(lexer, 'unexpected end of file, expecting ";" or "}"');
}

/** From an opening quote to behind the closing one. */
function quotedWord(lexer: Lexer, quote: number): string {
  const { text, file, line } = lexer;
  const start = ++lexer.pos;
  for (;;) {
    const code = text.charCodeAt(lexer.pos);
    if (lexer.pos - start >= BUFFER_BYTES - 1) {
      const sign = String.fromCharCode(quote);
      throw parseError({ file, line }, `too long parameter, probably missing terminating ${sign}`);
    }
    if (Number.isNaN(code)) throw endedTooSoon(lexer);
    if (code === quote) break;
    lexer.pos += code === BACKSLASH ? 2 : 1;
    if (code === LF || (code === BACKSLASH && text.charCodeAt(lexer.pos - 1) === LF)) lexer.line++;
  }
  return plainWord(text.slice(start, lexer.pos++));
}

/** Up to a space, `;` or `{`, which is left where it is. The brace of `${name}` does not end it. */
function bareWord(lexer: Lexer): string {
  const { text, file, line, pos: start } = lexer;
  let inVariable = false;
  for (;;) {
    const code = text.charCodeAt(lexer.pos);
    if (lexer.pos - start >= BUFFER_BYTES) throw parseError({ file, line }, 'too long parameter');
    if (Number.isNaN(code)) throw endedTooSoon(lexer);
    if (isSpace(code) || code === SEMICOLON || (code === OPENING_BRACE && !inVariable)) break;
    inVariable = code === DOLLAR || (inVariable && code === OPENING_BRACE);
    lexer.pos += code === BACKSLASH ? 2 : 1;
    if (code === BACKSLASH && text.charCodeAt(lexer.pos - 1) === LF) lexer.line++;
  }
  return plainWord(text.slice(start, lexer.pos));
}

function skipComment(lexer: Lexer): void {
  const found = lexer.text.indexOf('\n', lexer.pos);
  const end = found < 0 ? lexer.text.length : found;
  if (end - lexer.pos >= BUFFER_BYTES)
    throw parseError(lexer, `too long parameter: nginx takes no comment of ${BUFFER_BYTES} bytes or more`);
  lexer.pos = end;
}

/**
 * Skips the Lua code between the braces of OpenResty's blocks, up to the `}` that belongs to the `{` just read. Throws a ParseError with the
 * place of the opening.
 */
export function skipLua(lexer: Lexer, opening: Place): void {
  const { text, pos: start } = lexer;
  for (let depth = 1; depth > 0; ) {
    const code = text.charCodeAt(lexer.pos);
    if (Number.isNaN(code)) throw unclosedLua(opening, '"}"');
    if (text.startsWith('--', lexer.pos)) {
      lexer.pos += 2;
      if (!skipLongBracket(lexer, opening)) skipBehind(lexer, '\n', opening);
    } else if (code === QUOTE || code === APOSTROPHE) {
      lexer.pos++;
      while (text.charCodeAt(lexer.pos) !== code) {
        if (lexer.pos >= text.length) throw unclosedLua(opening, String.fromCharCode(code));
        lexer.pos += text.charCodeAt(lexer.pos) === BACKSLASH ? 2 : 1;
      }
      lexer.pos++;
    } else if (!skipLongBracket(lexer, opening)) {
      if (code === OPENING_BRACE) depth++;
      if (code === CLOSING_BRACE) depth--;
      lexer.pos++;
    }
  }
  for (let at = text.indexOf('\n', start); at >= 0 && at < lexer.pos; at = text.indexOf('\n', at + 1)) lexer.line++;
}

/** From `[[` or `[==[` behind its `]]` or `]==]`; reports whether there is one. */
function skipLongBracket(lexer: Lexer, opening: Place): boolean {
  LUA_LONG_BRACKET.lastIndex = lexer.pos;
  const [opener] = LUA_LONG_BRACKET.exec(lexer.text) ?? [];
  if (opener === undefined) return false;
  lexer.pos += opener.length;
  skipBehind(lexer, opener.replaceAll('[', ']'), opening);
  return true;
}

function skipBehind(lexer: Lexer, end: string, opening: Place): void {
  const found = lexer.text.indexOf(end, lexer.pos);
  if (found < 0) throw unclosedLua(opening, `"${end}"`);
  lexer.pos = found + end.length;
}

function unclosedLua(opening: Place, what: string): ParseError {
  return parseError(opening, `the Lua block lacks its ${what}`);
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === CR || code === LF;
}

/** Takes the backslash from `\"`, `\'` and `\\`, and turns `\t`, `\r` and `\n` into tab, return and line feed; before others it stays. */
function plainWord(raw: string): string {
  const plain = !raw.includes('\\')
    ? raw
    : raw.replace(/\\(["'\\trn])/g, (_, escaped: string) => ({ t: '\t', r: '\r', n: '\n' })[escaped] ?? escaped);
  return /[\x80-\xff]/.test(plain) ? Buffer.from(plain, 'latin1').toString('utf8') : plain;
}
