/** Evaluates the constant expressions of Python that files of settings hold; everything else is left to Python. */
import type { Token } from './python-lexer.ts';

export type PythonValue =
  | { kind: 'int'; value: number }
  | { kind: 'float'; value: number }
  | { kind: 'bool'; value: boolean }
  | { kind: 'text'; value: string }
  | { kind: 'none' }
  | { kind: 'list'; items: PythonValue[] };

/** What a name stands for: a value, or what it was made of. */
export type Lookup = (name: string) => PythonValue | null;

const DEEPEST = 50;

/**
 * Evaluates literals, lists and tuples, the names that `lookup` knows, and `+ - * / // % **` between them. Null: it is more than
 * that, or Python would refuse it.
 */
export function evaluate(tokens: readonly Token[], lookup: Lookup): PythonValue | null {
  let pos = 0;
  const peek = (): string | undefined => tokens[pos]?.text;
  const accept = (...texts: string[]): string | null => {
    const token = tokens[pos];
    if (token?.kind !== 'operator' || !texts.includes(token.text)) return null;
    pos++;
    return token.text;
  };

  const chain = (operand: (depth: number) => PythonValue | null, ...operators: string[]) => {
    return (depth: number): PythonValue | null => {
      let left = operand(depth);
      for (let operator = accept(...operators); operator !== null; operator = accept(...operators)) {
        const right = operand(depth);
        left = left === null || right === null ? null : calculate(operator, left, right);
        if (left === null) return null;
      }
      return left;
    };
  };
  const unary = (depth: number): PythonValue | null => {
    if (depth > DEEPEST) return null;
    const sign = accept('-', '+');
    if (sign === null) return power(depth + 1);
    const operand = unary(depth + 1);
    return operand === null ? null : calculate('*', { kind: 'int', value: sign === '-' ? -1 : 1 }, operand, true);
  };
  const power = (depth: number): PythonValue | null => {
    const base = atom(depth);
    if (accept('**') === null) return base;
    const exponent = unary(depth + 1);
    return base === null || exponent === null ? null : calculate('**', base, exponent);
  };
  const sum = chain(chain(unary, '*', '/', '//', '%'), '+', '-');

  /** The parts between commas up to a closing bracket. */
  const parts = (closing: string | undefined, depth: number): { items: PythonValue[]; hasComma: boolean } | null => {
    const items: PythonValue[] = [];
    let hasComma = false;
    while (peek() !== closing) {
      const item = sum(depth + 1);
      if (item === null) return null;
      items.push(item);
      if (accept(',') !== null) hasComma = true;
      else if (peek() !== closing) return null;
    }
    return { items, hasComma };
  };

  const atom = (depth: number): PythonValue | null => {
    const token = tokens[pos];
    if (token === undefined || depth > DEEPEST) return null;
    if (token.kind === 'operator') {
      const closing = token.text === '[' ? ']' : token.text === '(' ? ')' : null;
      if (closing === null) return null;
      pos++;
      const content = parts(closing, depth);
      pos++;
      if (content === null) return null;
      const [only] = content.items;
      if (closing === ')' && content.items.length === 1 && only !== undefined && !content.hasComma) return only;
      return { kind: 'list', items: content.items };
    }
    if (token.kind === 'string') {
      let text = '';
      for (let part = tokens[pos]; part?.kind === 'string'; part = tokens[++pos]) {
        const value = textOf(part.text);
        if (value === null) return null;
        text += value;
      }
      return { kind: 'text', value: text };
    }
    pos++;
    if (token.kind === 'number') return numberOf(token.text);
    if (token.text === 'True' || token.text === 'False') return { kind: 'bool', value: token.text === 'True' };
    return token.text === 'None' ? { kind: 'none' } : lookup(token.text);
  };

  const all = parts(undefined, 0);
  if (all === null || pos !== tokens.length) return null;
  const [first] = all.items;
  return all.hasComma ? { kind: 'list', items: all.items } : (first ?? null);
}

function calculate(operator: string, left: PythonValue, right: PythonValue, isSign = false): PythonValue | null {
  if (operator === '+' && left.kind === 'text' && right.kind === 'text') {
    return { kind: 'text', value: left.value + right.value };
  }
  const a = numeric(left);
  const b = numeric(right);
  if (a === null || b === null) return null;
  const isFloat = left.kind === 'float' || right.kind === 'float';
  if (isFloat && !isSign && operator !== '/') return null; // no setting takes one
  switch (operator) {
    case '+':
      return number(a + b, isFloat);
    case '-':
      return number(a - b, isFloat);
    case '*':
      return number(a * b, isFloat);
    case '/':
      return b === 0 ? null : { kind: 'float', value: a / b };
    case '//':
      return b === 0 || !isSmall(a, b) ? null : number(Math.floor(a / b), false);
    case '%':
      return b === 0 || !isSmall(a, b) ? null : number(a - b * Math.floor(a / b), false);
    case '**':
      return b < 0 || b > 64
        ? null
        : number(
            Array.from({ length: b }).reduce<number>((product) => product * a, 1),
            false,
          );
    default:
      return null;
  }
}

/** A quotient of such numbers, as a double, lies on the right side of every whole number. */
function isSmall(a: number, b: number): boolean {
  return Math.max(Math.abs(a), Math.abs(b)) < 2 ** 31;
}

function numeric(value: PythonValue): number | null {
  if (value.kind === 'bool') return value.value ? 1 : 0;
  return value.kind === 'int' || value.kind === 'float' ? value.value : null;
}

/** Whole numbers are exact in Python; where they would not be here, there is no value. */
function number(value: number, isFloat: boolean): PythonValue | null {
  if (isFloat) return Number.isFinite(value) ? { kind: 'float', value } : null;
  return Number.isSafeInteger(value) ? { kind: 'int', value: value + 0 } : null;
}

function numberOf(written: string): PythonValue | null {
  if (/__|_$|_[.eE]|[._]_|[jJ]$/.test(written)) return null;
  const text = written.replaceAll('_', '');
  if (/^0[xob]/i.test(text)) return number(Number(text), false);
  if (/^\d+$/.test(text)) return /^0+[1-9]/.test(text) ? null : number(Number(text), false);
  return number(Number(text), true);
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '\\': '\\', "'": "'", '"': '"', '\n': '', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};

/** The value of one string literal; null: bytes, a formatted one with fields, or a character by name. */
function textOf(literal: string): string | null {
  const [, prefix = '', quote = '', body = ''] = /^([a-z]*)('''|"""|'|")([\s\S]*)\2$/i.exec(literal) ?? [];
  if (quote === '' || /[bt]/i.test(prefix)) return null;
  let text: string | null = body;
  if (/f/i.test(prefix)) {
    const plain = body.replace(/\{\{|\}\}/g, '');
    if (/[{}]/.test(plain)) return null;
    text = body.replace(/\{\{|\}\}/g, (pair) => pair[0] ?? '');
  }
  if (/r/i.test(prefix)) return text;
  if (text.includes('\\N')) return null;
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|([0-7]{1,3})|([\s\S]))/gi,
    (whole, hex?: string, unicode?: string, octal?: string, other?: string) => {
      const code = hex ?? unicode;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return ESCAPES[other ?? ''] ?? whole;
    },
  );
}
