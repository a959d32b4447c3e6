/** Reads the assignments of a Python file without running it. */
import { type Place, parseError, placeText } from '../config/files.ts';
import { readLogicalLines, type Token } from './python-lexer.ts';
import { evaluate, type PythonValue } from './python-values.ts';

/** What a name stands for when the file is through: its value, or why that is not known. */
type Assigned = { kind: 'known'; value: PythonValue; place: Place } | { kind: 'unknown'; reason: string };

/** What a file assigns. */
export interface Assignments {
  names: Map<string, Assigned>;
  /** Set when the file does what could assign any name; a name that is assigned behind it is known again. */
  anything: string | null;
}

// biome-ignore format: table
const COMPOUND = new Set([
  'if', 'elif', 'else', 'for', 'while', 'try', 'except', 'finally', 'with', 'def', 'class', 'async',
]);
// biome-ignore format: table
const KEYWORDS = new Set([
  ...COMPOUND,
  'import', 'from', 'global', 'nonlocal', 'del', 'return', 'raise', 'assert', 'pass', 'break', 'continue',
  'yield', 'await', 'lambda', 'not', 'match', 'case', 'type',
]);
const INFIX = new Set(['in', 'is', 'not', 'and', 'or', 'if', 'else', 'for', 'as', 'async', 'import', 'from']);
const AUGMENTED = /^([-+*/%@&|^]|\*\*|\/\/|<<|>>)=$/;
/** With these a file can assign names that it does not write. */
const REFLECTION = new Set(['exec', 'globals', 'locals', 'vars', 'setattr', 'modules', '__dict__']);

/**
 * Follows the statements in order, so that the last assignment counts. What stands in a block may happen or not, and so its names are not
 * known, unless they are assigned again behind it. Throws a ParseError with file and line for what is no Python.
 */
export function readAssignments(bytes: Uint8Array, file: string): Assignments {
  const names = new Map<string, Assigned>();
  const global = new Map<string, string>();
  const result: Assignments = { names, anything: null };
  const at = (line: number): string => placeText({ file, line });
  const forget = (name: string, reason: string): void => {
    names.set(name, { kind: 'unknown', reason });
  };
  const forgetAll = (reason: string): void => {
    names.clear();
    result.anything = reason;
  };
  /** The functions and classes around a line, as the depth of their bodies: names assigned in them are their own. */
  const scopes: number[] = [];
  let reflection: string | null = null;

  for (const { tokens, depth } of readLogicalLines(decode(bytes, file), file)) {
    while (depth < (scopes.at(-1) ?? 0)) scopes.pop();
    const [head] = tokens;
    if (head === undefined) continue;
    const { line } = head;
    const isCompound =
      COMPOUND.has(head.text) || (['match', 'case'].includes(head.text) && tokens.at(-1)?.text === ':');
    checkStart(tokens, file);
    const reflecting = tokens.find(({ kind, text }) => kind === 'name' && REFLECTION.has(text));
    if (reflecting !== undefined) {
      const reason = `${reflecting.text} at ${at(reflecting.line)} may assign any name`;
      if (scopes.length > 0) reflection = reason;
      else forgetAll(reason);
    }
    if (head.text === 'global') {
      for (const { text } of tokens.slice(1)) global.set(text, `a function at ${at(line)} may assign it`);
    }
    if (head.text === 'def' || head.text === 'class' || (head.text === 'async' && tokens[1]?.text === 'def')) {
      const [, name] = tokens.filter(({ text }) => text !== 'async');
      if (scopes.length === 0 && name !== undefined)
        forget(name.text, `${name.text} at ${at(line)} is a ${head.text === 'class' ? 'class' : 'function'}`);
      scopes.push(depth + 1);
      continue;
    }
    if (scopes.length > 0) continue;
    if (isCompound || depth > 0) {
      for (const { text, line: where } of boundNames(tokens)) {
        forget(text, `${text} at ${at(where)} stands in a block that may run or not`);
      }
      if (tokens.some((token, index) => token.text === 'import' && tokens[index + 1]?.text === '*')) {
        forgetAll(`the import at ${at(line)} may bring any name`);
      }
      continue;
    }
    for (const statement of split(tokens, ';')) readStatement(statement, file, names, forget, forgetAll);
  }
  // A function may be called anywhere.
  for (const [name, reason] of global) forget(name, reason);
  if (reflection !== null) forgetAll(reflection);
  return result;
}

function readStatement(
  tokens: readonly Token[],
  file: string,
  names: Map<string, Assigned>,
  forget: (name: string, reason: string) => void,
  forgetAll: (reason: string) => void,
): void {
  const [head] = tokens;
  if (head === undefined) return;
  const place = { file, line: head.line };
  const parts = split(withoutAnnotation(tokens), '=');
  const [first = [], ...rest] = parts;
  const value = rest.pop();
  const targets = value === undefined ? [] : [first, ...rest];
  const isPlain = targets.length > 0 && targets.every((target) => target.length === 1 && target[0]?.kind === 'name');
  if (head.text === 'from' && tokens.at(-1)?.text === '*') {
    forgetAll(`the import at ${placeText(place)} may bring any name`);
    return;
  }
  for (const { text, line } of boundNames(tokens)) {
    forget(text, `${text} at ${placeText({ file, line })} could not be evaluated${environmentNote(tokens)}`);
  }
  if (!isPlain || value === undefined) return;
  const result = evaluate(value, (name) => {
    const known = names.get(name);
    return known?.kind === 'known' ? known.value : null;
  });
  if (result === null) return;
  for (const [target] of targets)
    if (target !== undefined) names.set(target.text, { kind: 'known', value: result, place });
}

/** `keepalive: int = 75` as `keepalive = 75`. */
function withoutAnnotation(tokens: readonly Token[]): readonly Token[] {
  const [name, colon] = tokens;
  const equals = tokens.findIndex(({ text }) => text === '=');
  return name?.kind === 'name' && colon?.text === ':' && equals > 0 ? [name, ...tokens.slice(equals)] : tokens;
}

/** The names that a statement, or the head of a block with what stands behind it, may bind; one too many does no harm. */
function boundNames(tokens: readonly Token[]): Token[] {
  const lastEquals = tokens.lastIndexOf(split(tokens, '=').at(-2)?.at(-1) ?? NOTHING);
  const augmented = tokens.findIndex(({ kind, text }) => kind === 'operator' && AUGMENTED.test(text));
  const targetsEnd = Math.max(lastEquals, augmented);
  const [head] = tokens;
  const bound: Token[] = [];
  let isBinding = head?.text === 'del' || head?.text === 'case';
  for (const [index, token] of tokens.entries()) {
    const { kind, text } = token;
    if (kind === 'name' && ['as', 'for', 'import'].includes(text)) isBinding = true;
    else if (kind === 'name' && text === 'in') isBinding = false;
    else if (kind === 'operator' && text === ':')
      isBinding &&= head?.text === 'case'; // whose patterns may hold colons
    else if (kind !== 'name' || tokens[index - 1]?.text === '.') continue;
    else if (isBinding || index <= targetsEnd || tokens[index + 1]?.text === ':=') bound.push(token);
  }
  return bound;
}

const NOTHING: Token = { kind: 'operator', text: '', line: 0 };

/** What `os.environ.get("X", "75")` or `os.getenv("X", 75)` would give when the variable is not set. */
function environmentNote(tokens: readonly Token[]): string {
  const isLookup = tokens.findIndex(
    ({ text }, index) => text === 'getenv' || (text === 'get' && tokens[index - 2]?.text === 'environ'),
  );
  if (isLookup < 0) {
    const named = tokens.find(({ text }) => text === 'environ' || text === 'cpu_count');
    if (named === undefined) return '';
    return named.text === 'environ' ? ': it depends on the environment' : ': it depends on the number of CPUs';
  }
  const name = tokens[isLookup + 2];
  const otherwise = tokens[isLookup + 3]?.text === ',' ? tokens[isLookup + 4] : undefined;
  const variable = name?.kind === 'string' ? evaluate([name], () => null) : null;
  const fallback = otherwise === undefined || otherwise.kind === 'operator' ? null : evaluate([otherwise], () => null);
  const label = variable?.kind === 'text' ? `the environment variable ${variable.value}` : 'the environment';
  const value = fallback !== null && 'value' in fallback ? `, ${fallback.value} when it is not set` : '';
  return `: it depends on ${label}${value}`;
}

/** Python takes no statement that starts with two words, or a word and a value: such a file is something else. */
function checkStart([first, second]: readonly Token[], file: string): void {
  if (first === undefined || second === undefined || KEYWORDS.has(first.text)) return;
  const isWord = first.kind !== 'operator';
  const isSecond = second.kind !== 'operator' && !(second.kind === 'name' && INFIX.has(second.text));
  if (isWord && isSecond && !(first.kind === 'string' && second.kind === 'string')) {
    throw parseError({ file, line: first.line }, 'invalid syntax: this is not Python');
  }
}

/** The parts between a separator that stands in no bracket. */
function split(tokens: readonly Token[], separator: string): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'operator' && '([{'.includes(token.text)) depth++;
    if (token.kind === 'operator' && ')]}'.includes(token.text)) depth--;
    if (token.kind === 'operator' && token.text === separator && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function decode(bytes: Uint8Array, file: string): string {
  if (bytes.includes(0)) throw parseError({ file, line: 1 }, 'holds null bytes: this is not Python');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const [, encoding] = /^(?:[ \t\f]*#.*\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/.exec(text) ?? [];
    if (encoding !== undefined && !/^utf/i.test(encoding)) return text;
    throw parseError({ file, line: 1 }, 'is not UTF-8');
  }
}
