import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import Table from 'cli-table3';
import { type Finding, SEVERITIES, type Severity } from '../report/finding.ts';
import type { Verdict } from '../report/report.ts';
import type { RenderOptions } from './render-options.ts';

type Paint = (text: string) => string;

/** A page to write on: how wide, in which colours, with which signs. */
export interface Page {
  width: number;
  unicode: boolean;
  /** Red, yellow, green, dim, bold: nothing else is used. Without colour each returns its text. */
  paint: { error: Paint; warning: Paint; fine: Paint; dim: Paint; strong: Paint };
  glyph: { error: string; warning: string; info: string; fine: string; unknown: string; separator: string };
}

export function openPage({ width, color, unicode }: RenderOptions): Page {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  return {
    width: Math.max(40, width),
    unicode,
    paint: {
      error: (text) => chalk.red(text),
      warning: (text) => chalk.yellow(text),
      fine: (text) => chalk.green(text),
      dim: (text) => chalk.dim(text),
      strong: (text) => chalk.bold(text),
    },
    glyph: unicode
      ? { error: '✗', warning: '!', info: 'i', fine: '✓', unknown: '?', separator: ' · ' }
      : { error: 'x', warning: '!', info: 'i', fine: '+', unknown: '?', separator: ', ' },
  };
}

/** The gravest severity among findings; null when there are none. */
export function worstOf(findings: readonly Finding[]): Severity | null {
  return (
    [...SEVERITIES].reverse().find((severity) => findings.some((finding) => finding.severity === severity)) ?? null
  );
}

/** Sign and word, so that colour is never the only carrier. */
export function severityMark(page: Page, severity: Severity): string {
  const text = `${page.glyph[severity]} ${severity}`;
  return severity === 'info' ? page.paint.dim(text) : page.paint[severity](text);
}

export function verdictMark(page: Page, verdict: Verdict, worst: Severity | null): string {
  switch (verdict) {
    case 'ok':
      return page.paint.fine(`${page.glyph.fine} ok`);
    case 'unmeasured':
      return page.paint.warning(`${page.glyph.unknown} unmeasured`);
    case 'findings':
      return severityMark(page, worst ?? 'warning');
    default:
      return verdict satisfies never;
  }
}

/** A space, but not the one in `30 m` or `1.5 %`: what a number counts stays with it. */
const BREAKS = /(?<!\d) | (?!(?:ms|[smhd%])(?![\w-]))/;

/**
 * Breaks a text at spaces so that no line is longer than `width`, the lines after the first indented. A single word that is longer (an
 * address, a URL, an id) stands whole on a line of its own.
 */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAKS)) {
    const room = lines.length === 0 ? width : width - indent;
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((part, index) => (index === 0 ? part : ' '.repeat(indent) + part));
}

/** Label and text, line by line, the texts aligned and wrapped. */
export function fields(page: Page, rows: readonly (readonly [label: string, text: string])[], indent = 2): string[] {
  const column = Math.max(0, ...rows.map(([label]) => label.length)) + 2;
  return rows.flatMap(([label, text]) =>
    wrap(text, page.width - indent - column).map((line, index) => {
      const head = index === 0 ? label.padEnd(column) : ' '.repeat(column);
      return ' '.repeat(indent) + page.paint.dim(head) + line;
    }),
  );
}

/** What cli-table3 draws between cells unless it is told otherwise. */
const RULES =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle';

/**
 * A table without vertical rules. Columns are as wide as their widest cell, but for the one named `flexible`, which takes what is left
 * and wraps at spaces; nothing is ever cut. Cells may be painted.
 */
export function table(
  page: Page,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  flexible: number,
): string[] {
  const GAP = 2;
  const widths = head.map(
    (title, column) => Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(visibleLength)) + GAP,
  );
  const others = widths.reduce((sum, width, column) => (column === flexible ? sum : sum + width), 0);
  const widest = widths[flexible] ?? 0;
  const longestWord = Math.max(0, ...rows.flatMap((row) => (row[flexible] ?? '').split(' ').map(visibleLength)));
  widths[flexible] = Math.max(12 + GAP, longestWord + GAP, Math.min(widest, page.width - others));
  const sheet = new Table({
    head: head.map((title) => page.paint.dim(title)),
    colWidths: widths,
    wordWrap: true,
    // Compact: it would draw rules between rows, of which nothing is to be seen.
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': GAP },
    chars: Object.fromEntries(RULES.split(' ').map((rule) => [rule, ''])),
  });
  sheet.push(...rows.map((row) => [...row]));
  return sheet
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** The columns that a painted text takes. */
export function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
