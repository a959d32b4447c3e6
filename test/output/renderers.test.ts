import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { AnyReport } from '../../src/commands/index.ts';
import { commands } from '../../src/commands/index.ts';
import type { Format } from '../../src/output/format.ts';
import { formats } from '../../src/output/formats/registry.generated.ts';
import { format as text } from '../../src/output/formats/text.ts';
import { printable } from '../../src/output/printable.ts';
import type { RenderOptions } from '../../src/output/render-options.ts';
import { reports } from '../helpers/reports.ts';
import { renderAs, renderJson } from '../rooms.ts';

const named = Object.entries(reports);
const untouched = new Map(named.map(([, report]) => [report, JSON.stringify(report)]));
const plain: RenderOptions = { width: 80, color: false, unicode: false };
const everyOption: RenderOptions[] = [20, 60, 80, 132, 1000].flatMap((width) =>
  [true, false].flatMap((color) => [true, false].map((unicode) => ({ width, color, unicode }))),
);
/** All of C0, DEL and C1 but the line feed; line separators; bidirectional marks; halves of surrogate pairs. */
const RAW = /[\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]|(?!\n)\p{Cc}/u;

test('there is a fixture of every command', () => {
  const met = new Set(named.map(([, { command }]) => command));
  expect(Object.keys(commands).filter((name) => ![...met].some((command) => command === name))).toEqual([]);
});

/** Writes documents in one piece, each but once: most tests look at the same ones. */
function remembering(format: Format): (report: AnyReport, options: RenderOptions) => string {
  const texts = new Map<AnyReport, Map<string, string>>();
  return (report, options) => {
    const ofReport = texts.get(report) ?? new Map<string, string>();
    texts.set(report, ofReport);
    const key = `${options.width} ${options.color} ${options.unicode}`;
    const text = ofReport.get(key) ?? renderAs(format, report, options);
    ofReport.set(key, text);
    return text;
  };
}

const loaded = await Promise.all(
  Object.entries(formats).map(async ([name, { load }]): Promise<[string, Format]> => [name, await load()]),
);

describe.each(loaded)('the format %s', (name, format) => {
  const render = remembering(format);
  /** The fixtures of whose texts that is so, each with the options of its text. */
  const where = (isSo: (text: string, options: RenderOptions, report: AnyReport) => boolean): string[] =>
    named.flatMap(([fixture, report]) =>
      everyOption
        .filter((options) => isSo(render(report, options), options, report))
        .map((options) => `${fixture} ${JSON.stringify(options)}`),
    );

  test('writes every fixture in any width, colour and character set, without a raw control character', () => {
    const uncoloured = (text: string, color: boolean): string => (color ? stripVTControlCharacters(text) : text);
    expect(where((text, { color }) => !text.endsWith('\n') || RAW.test(uncoloured(text, color)))).toEqual([]);
  });

  test('says the same with colours and without', () => {
    const changed = where((text, options, report) => {
      return options.color && stripVTControlCharacters(text) !== render(report, { ...options, color: false });
    });
    expect(changed).toEqual([]);
  });

  test('leaves every fixture as it was', () => {
    const changed = named.filter(([, report]) => {
      renderAs(format, report, plain);
      return JSON.stringify(report) !== untouched.get(report);
    });
    expect(changed.map(([fixture]) => fixture)).toEqual([]);
  });

  test('writes in ASCII what is ASCII', () => {
    const ascii = named.filter(([, report]) => isAscii(JSON.stringify(report)));
    expect(ascii.length).toBeGreaterThan(10);
    expect(ascii.filter(([, report]) => !isAscii(render(report, plain))).map(([fixture]) => fixture)).toEqual([]);
  });

  test('gives every fixture another text than the others', () => {
    const texts = named.map(([fixture, report]) => ({ fixture, text: render(report, plain) }));
    const alike = texts.filter(({ fixture, text }) => texts.some((o) => o.fixture !== fixture && o.text === text));
    expect(alike.map(({ fixture }) => fixture)).toEqual([]);
  });

  test('is named by a word that stands on a command line', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

test('json parses back to exactly every fixture', () => {
  expect(Object.fromEntries(named.map(([fixture, report]) => [fixture, JSON.parse(renderJson(report))]))).toStrictEqual(
    reports,
  );
});

describe('text', () => {
  const render = remembering(text);
  /** What is wrong with the fixtures, each complaint behind the fixture's name. */
  const complaints = (complain: (report: AnyReport) => string[]): string[] =>
    named.flatMap(([fixture, report]) => complain(report).map((complaint) => `${fixture}: ${complaint}`));

  test('fits into the width, but for tables, lines to paste and words that cannot be broken', () => {
    const tooLong = complaints((report) =>
      [60, 80, 132].flatMap((width) =>
        render(report, { ...plain, width })
          .split('\n\n')
          .filter((block) => !TABLE_HEAD.test(block))
          .flatMap((block) => block.split('\n'))
          .filter((line) => line.length > width && !unbroken(report).has(line.trim()))
          .filter((line) => !line.split(' ').some((word) => word.length > width / 2))
          .map((line) => `${width} columns: ${line}`),
      ),
    );
    expect(tooLong).toEqual([]);
  });

  test('begins with the verdict, as sign and word, but where a view has a headline of its own', async () => {
    const views = new Map(
      await Promise.all(
        Object.entries(commands).map(async ([name, { load }]) => [name, await (await load()).view()] as const),
      ),
    );
    const wrong = complaints((report) => {
      if (views.get(report.command)?.headline !== undefined) return [];
      const signs = { ok: '+ ok', unmeasured: '? unmeasured', findings: /^(x error|! warning|i info)/ };
      const sign = signs[report.verdict];
      const [first = ''] = render(report, plain).split('\n');
      const isRight =
        typeof sign === 'string' ? first.startsWith(`${sign}  kaprobe ${report.command}:`) : sign.test(first);
      return isRight ? [] : [first];
    });
    expect(wrong).toEqual([]);
  });

  test('shows every finding, gap and remedy line', () => {
    const missing = complaints((report) => {
      const text = render(report, { ...plain, width: 1000 });
      const harmless = [...linesToPaste(report)].filter((line) => isAscii(line) && !/\p{Cc}/u.test(line));
      const rules = report.findings.map(({ rule }) => rule);
      const gaps = report.gaps.map(({ what }) => what);
      return [...rules, ...gaps, ...harmless].filter((part) => !text.includes(part));
    });
    expect(missing).toEqual([]);
  });

  test('puts the gravest finding first', () => {
    const ranks = render(reports['check-errors'] ?? fail(), plain)
      .split('\n')
      .flatMap((line) => /^(x error|! warning|i info) {2}[a-z-]+ {2}/.exec(line)?.[1] ?? []);
    const order = ['x error', '! warning', 'i info'];
    expect(new Set(ranks)).toEqual(new Set(order));
    expect(ranks).toEqual([...ranks].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
  });

  test('says a finding that several targets share once, with three of their names and how many more', () => {
    const text = render(reports['check-many-targets'] ?? fail(), { ...plain, width: 200 });
    expect(text.match(/^x error {2}keepalive-slower-than-middlebox/gm)).toHaveLength(1);
    expect(text).toContain(
      'cache-1.internal.example:6379, cache-2.internal.example:6379, cache-3.internal.example:6379 and 1 more',
    );
  });

  test('puts the names under a title that has no room for them', () => {
    const lines = render(reports['check-many-targets'] ?? fail(), plain).split('\n');
    const index = lines.indexOf('x error  keepalive-slower-than-middlebox');
    expect(lines[index + 1]).toBe('  cache-1.internal.example:6379, cache-2.internal.example:6379,');
  });

  test('writes evidence in words: durations for people, lists, and what is not known', () => {
    const text = render(reports['check-many-targets'] ?? fail(), { ...plain, width: 200 });
    expect(text).toContain('idle 2 h, middlebox given, middlebox idle timeout 30 m');
    expect(text).toContain('ended by FIN, after 1 s, attempts 10.0.0.1, 10.0.0.2, last error unknown, retried false');
  });

  test('lets no target forge a row of the table', () => {
    const lines = render(reports['check-hostile-many'] ?? fail(), { ...plain, width: 300 }).split('\n');
    expect(lines.filter((line) => line.includes('bank.example'))).toEqual([
      expect.stringContaining('a.example:80\\x0a+ ok  bank.example:443'),
    ]);
  });

  test('gives a long host name no room that the facts need', () => {
    const host = 'reporting-replica-2.cluster-abcdefghijkl.eu-central-1.rds.example';
    const report = structuredClone(reports['check-ok'] ?? fail());
    if (report.command !== 'check') throw fail();
    for (const target of report.data.targets) target.host = host;
    expect(render(report, plain)).toContain('\n  other addresses  2001:db8::1\n');
  });
});

/** The first line of a table, whose cells stand whole, however wide that makes it. */
const TABLE_HEAD =
  /^(?: *target {2,}address|id {2,}idle timeout|client {2,}connections|idle from port {2,}outcome|.*\nsetting {2,}value|hop {2,}setting|connections {2,}here|service of this host|process {2,}connection|not fine at the end)/;

/** What is never broken: lines to paste, and the name of the target. */
function unbroken(report: AnyReport): Set<string> {
  const targets = report.command === 'check' ? report.data.targets.map(({ target }) => target) : [];
  return new Set([...linesToPaste(report), ...targets].map((line) => printable(line).trim()));
}

/** Lines that are to be copied whole. */
function linesToPaste(report: AnyReport): Set<string> {
  const lines = report.findings.flatMap(({ remedy }) => remedy);
  if (report.command === 'sysctl') lines.push(...(report.data.recommended ?? []));
  if (report.command === 'lab') lines.push(...(report.data.fix ?? []), report.data.command.join(' '));
  if (report.command === 'rescue') lines.push(...report.data.sockets.flatMap(({ undo }) => undo ?? []));
  return new Set(lines.map((line) => line.trim()));
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function fail(): never {
  throw new Error('the fixture is gone');
}
