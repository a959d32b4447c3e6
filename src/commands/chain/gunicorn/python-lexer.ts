/** Splits Python text into logical lines of tokens (the Python language reference, lexical analysis), without understanding more than that. */
import type { ParseError } from '../../../base/errors.ts';
import { parseError } from '../config/files.ts';

export interface Token {
  kind: 'name' | 'number' | 'string' | 'operator';
  /** As written. */
  text: string;
  line: number;
}

/** A statement, or the head of a compound one with what stands behind its colon. */
export interface LogicalLine {
  tokens: Token[];
  /** How many blocks it stands in. */
  depth: number;
}

const SPACES = /[ \t\f]*/y;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER =
  /(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)/y;
const OPERATOR =
  /\*\*=|\/\/=|>>=|<<=|\.\.\.|:=|->|\*\*|\/\/|>>|<<|<=|>=|==|!=|[-+*/%@&|^]=|[-+*/%@&|^~<>()[\]{},:.;=!]/y;
const STRING_START = /([rRbBuUfFtT]{0,2})('''|"""|'|")/y;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const MOST_TOKENS = 300_000;
const DEEPEST_FIELD = 20;

/** Where the reading of a file stands. */
interface Reading {
  source: string;
  /** Only for the places in messages. */
  file: string;
  pos: number;
  /** Counts from 1. */
  line: number;
  lines: LogicalLine[];
  /** Of the line that is being read. */
  tokens: Token[];
  tokenCount: number;
  /** The widths of the blocks around the line. */
  indents: number[];
  /** The brackets that are open: what closes each, and its line. */
  open: { closing: string; line: number }[];
  /** Formatted strings in the fields of formatted strings. */
  fieldDepth: number;
}

/** Throws a ParseError with the line for what Python could not read: open strings and brackets, blocks that do not line up. */
export function readLogicalLines(text: string, file: string): LogicalLine[] {
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const reading: Reading = {
    source,
    file,
    pos: 0,
    line: 1,
    lines: [],
    tokens: [],
    tokenCount: 0,
    indents: [0],
    open: [],
    fieldDepth: 0,
  };
  let isLineStart = true;
  while (reading.pos < source.length) {
    if (isLineStart && reading.open.length === 0) readIndent(reading);
    take(reading, SPACES);
    const character = source[reading.pos];
    if (character === undefined) break;
    isLineStart = character === '\n';
    if (character === '\n') {
      if (reading.open.length === 0) endLine(reading);
      reading.pos++;
      reading.line++;
    } else if (character === '#') {
      const end = source.indexOf('\n', reading.pos);
      reading.pos = end < 0 ? source.length : end;
    } else if (character === '\\' && source[reading.pos + 1] === '\n') {
      reading.pos += 2;
      reading.line++;
    } else {
      readToken(reading);
    }
  }
  const unclosed = reading.open.at(-1);
  if (unclosed !== undefined)
    throw fail(reading, `the bracket that "${unclosed.closing}" would close is not closed`, unclosed.line);
  endLine(reading);
  return reading.lines;
}

function fail({ file, line }: Reading, message: string, atLine = line): ParseError {
  return parseError({ file, line: atLine }, message);
}

/** Moves behind what the pattern matches here, and returns it; null: it does not match. */
function take(reading: Reading, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reading.pos;
  const match = pattern.exec(reading.source);
  if (match !== null) reading.pos = pattern.lastIndex;
  return match;
}

function endLine(reading: Reading): void {
  const { tokens, indents, lines } = reading;
  if (tokens.length > 0) lines.push({ tokens, depth: indents.length - 1 });
  reading.tokens = [];
}

function readIndent(reading: Reading): void {
  const { indents, lines, source } = reading;
  const width = indentWidth(take(reading, SPACES)?.[0] ?? '');
  const next = source[reading.pos];
  if (next === undefined || next === '\n' || next === '#') return; // an empty line says nothing about blocks
  if (width > (indents.at(-1) ?? 0)) {
    if (lines.at(-1)?.tokens.at(-1)?.text !== ':') throw fail(reading, 'unexpected indent');
    indents.push(width);
  }
  while (width < (indents.at(-1) ?? 0)) indents.pop();
  if (width !== indents.at(-1)) throw fail(reading, 'unindent does not match any outer indentation level');
}

function readToken(reading: Reading): void {
  const { source, open, pos: from, line } = reading;
  const kind = skipToken(reading);
  if (kind === null) throw fail(reading, 'invalid syntax: this is not Python');
  if (++reading.tokenCount > MOST_TOKENS) throw fail(reading, 'is too long for a file of settings');
  const text = source.slice(from, reading.pos);
  reading.tokens.push({ kind, text, line });
  if (kind !== 'operator') return;
  const closing = CLOSING[text];
  if (closing !== undefined) open.push({ closing, line });
  else if (')]}'.includes(text) && open.pop()?.closing !== text) throw fail(reading, `unmatched '${text}'`);
}

/** Moves behind the token that starts here, and returns its kind; null: none does. */
function skipToken(reading: Reading): Token['kind'] | null {
  if (skipString(reading)) return 'string';
  if (take(reading, NAME) !== null) return 'name';
  if (take(reading, NUMBER) !== null) return 'number';
  return take(reading, OPERATOR) === null ? null : 'operator';
}

/** Moves behind a string that starts here; false when none does. */
function skipString(reading: Reading): boolean {
  const { source, line: startLine } = reading;
  const start = take(reading, STRING_START);
  if (start === null) return false;
  const [, prefix = '', quote = ''] = start;
  const isFormatted = /[ft]/i.test(prefix);
  while (!source.startsWith(quote, reading.pos)) {
    const character = source[reading.pos];
    if (character === undefined || (character === '\n' && quote.length === 1))
      throw fail(reading, 'unterminated string literal', startLine);
    if (character === '\n') reading.line++;
    if (character === '\\') {
      if (source[reading.pos + 1] === '\n') reading.line++;
      reading.pos += 2;
    } else if (isFormatted && source.startsWith('{{', reading.pos)) {
      reading.pos += 2;
    } else if (isFormatted && character === '{') {
      skipField(reading, startLine);
    } else {
      reading.pos++;
    }
  }
  reading.pos += quote.length;
  return true;
}

/** Moves behind the field of a formatted string, whose strings may hold braces and quotes of their own. */
function skipField(reading: Reading, startLine: number): void {
  if (++reading.fieldDepth > DEEPEST_FIELD) throw fail(reading, 'formatted strings are nested too deep', startLine);
  reading.pos++;
  for (let braces = 1; braces > 0; ) {
    const character = reading.source[reading.pos];
    if (character === undefined) throw fail(reading, 'unterminated string literal', startLine);
    if (skipString(reading)) continue;
    if (character === '\n') reading.line++;
    if (character === '{') braces++;
    if (character === '}') braces--;
    reading.pos++;
  }
  reading.fieldDepth--;
}

/** Tabs reach to the next multiple of eight. */
function indentWidth(spaces: string): number {
  let width = 0;
  for (const character of spaces) {
    if (character === '\f') width = 0;
    else width = character === '\t' ? (Math.floor(width / 8) + 1) * 8 : width + 1;
  }
  return width;
}
