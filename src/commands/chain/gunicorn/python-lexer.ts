/** Splits Python text into logical lines of tokens (the Python language reference, lexical analysis), without understanding more than that. */
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

/** Throws a ParseError with the line for what Python could not read: open strings and brackets, blocks that do not line up. */
export function readLogicalLines(text: string, file: string): LogicalLine[] {
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const lines: LogicalLine[] = [];
  const indents = [0];
  const open: { bracket: string; line: number }[] = [];
  let tokens: Token[] = [];
  let tokenCount = 0;
  let pos = 0;
  let line = 1;
  let depth = 0;
  const fail = (message: string, atLine = line) => parseError({ file, line: atLine }, message);
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = pos;
    return pattern.exec(source);
  };

  const endLine = (): void => {
    if (tokens.length > 0) lines.push({ tokens, depth });
    tokens = [];
  };

  const readIndent = (): void => {
    const width = indentWidth(match(SPACES)?.[0] ?? '');
    pos = SPACES.lastIndex;
    const next = source[pos];
    if (next === undefined || next === '\n' || next === '#') return; // an empty line says nothing about blocks
    if (width > (indents.at(-1) ?? 0)) {
      const last = lines.at(-1)?.tokens.at(-1)?.text;
      if (last !== ':') throw fail('unexpected indent');
      indents.push(width);
    }
    while (width < (indents.at(-1) ?? 0)) indents.pop();
    if (width !== indents.at(-1)) throw fail('unindent does not match any outer indentation level');
    depth = indents.length - 1;
  };

  let fieldDepth = 0;

  /** Moves behind a string that starts here; false when none does. */
  const skipString = (): boolean => {
    const start = match(STRING_START);
    if (start === null) return false;
    const [whole, prefix = '', quote = ''] = start;
    const startLine = line;
    const isFormatted = /[ft]/i.test(prefix);
    pos += whole.length;
    while (!source.startsWith(quote, pos)) {
      const character = source[pos];
      if (character === undefined || (character === '\n' && quote.length === 1)) {
        throw fail('unterminated string literal', startLine);
      }
      if (character === '\n') line++;
      if (character === '\\') {
        if (source[pos + 1] === '\n') line++;
        pos += 2;
      } else if (isFormatted && source.startsWith('{{', pos)) {
        pos += 2;
      } else if (isFormatted && character === '{') {
        skipField(startLine);
      } else {
        pos++;
      }
    }
    pos += quote.length;
    return true;
  };

  /** Moves behind the field of a formatted string, whose strings may hold braces and quotes of their own. */
  const skipField = (startLine: number): void => {
    if (++fieldDepth > DEEPEST_FIELD) throw fail('formatted strings are nested too deep', startLine);
    pos++;
    for (let braces = 1; braces > 0; ) {
      const character = source[pos];
      if (character === undefined) throw fail('unterminated string literal', startLine);
      if (skipString()) continue;
      if (character === '\n') line++;
      if (character === '{') braces++;
      if (character === '}') braces--;
      pos++;
    }
    fieldDepth--;
  };

  const push = (kind: Token['kind'], from: number, atLine: number): void => {
    if (++tokenCount > MOST_TOKENS) throw fail('is too long for a file of settings');
    tokens.push({ kind, text: source.slice(from, pos), line: atLine });
  };

  let isLineStart = true;
  while (pos < source.length) {
    if (isLineStart && open.length === 0) readIndent();
    isLineStart = false;
    match(SPACES);
    pos = SPACES.lastIndex;
    const from = pos;
    const character = source[pos];
    if (character === undefined) break;
    if (character === '\n') {
      if (open.length === 0) endLine();
      pos++;
      line++;
      isLineStart = true;
    } else if (character === '#') {
      const end = source.indexOf('\n', pos);
      pos = end < 0 ? source.length : end;
    } else if (character === '\\' && source[pos + 1] === '\n') {
      pos += 2;
      line++;
    } else {
      const startLine = line;
      if (skipString()) {
        push('string', from, startLine);
      } else if (match(NAME) !== null) {
        pos = NAME.lastIndex;
        push('name', from, startLine);
      } else if (match(NUMBER) !== null) {
        pos = NUMBER.lastIndex;
        push('number', from, startLine);
      } else if (match(OPERATOR) !== null) {
        pos = OPERATOR.lastIndex;
        push('operator', from, startLine);
        const closing = CLOSING[character];
        if (closing !== undefined) open.push({ bracket: closing, line });
        else if (')]}'.includes(character) && open.pop()?.bracket !== character) throw fail(`unmatched '${character}'`);
      } else {
        throw fail('invalid syntax: this is not Python');
      }
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined)
    throw fail(`the bracket that "${unclosed.bracket}" would close is not closed`, unclosed.line);
  endLine();
  return lines;
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
