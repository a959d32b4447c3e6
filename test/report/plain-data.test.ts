import { describe, expect, test } from 'vitest';
import { notPlainIn } from '../helpers/plain-data.ts';
import { reports } from '../helpers/reports.ts';

describe('a report is data', () => {
  test('and survives JSON and structuredClone unchanged, without a function, getter or class', () => {
    for (const [name, report] of Object.entries(reports)) {
      expect(notPlainIn(report), name).toEqual([]);
      expect(JSON.parse(JSON.stringify(report)), name).toStrictEqual(report);
      expect(structuredClone(report), name).toStrictEqual(report);
    }
  });
});

describe('the checker', () => {
  test('has no objection to plain data', () => {
    expect(notPlainIn({ a: [1, 'x', null, true, { b: [] }] })).toEqual([]);
  });

  test('names the place of whatever else there is', () => {
    class Row {}
    const mistakes: [value: unknown, mistake: string][] = [
      [{ a: [() => 1] }, 'report.a.0: function'],
      [{ a: undefined }, 'report.a: undefined'],
      [{ a: 1n }, 'report.a: bigint'],
      [{ a: Number.NaN }, 'report.a: NaN'],
      [{ a: -0 }, 'report.a: -0'],
      [{ a: new Row() }, 'report.a: an instance of Row'],
      [{ a: new Map() }, 'report.a: an instance of Map'],
      [{ a: new Uint8Array(1) }, 'report.a: an instance of Uint8Array'],
      [{ a: Object.create(null) }, 'report.a: an instance of no class'],
      [
        {
          get a() {
            return 1;
          },
        },
        'report.a: a getter',
      ],
      [Object.defineProperty({}, 'a', { value: 1 }), 'report.a: hidden from JSON'],
      [{ [Symbol('a')]: 1 }, 'report.Symbol(a): hidden from JSON'],
    ];
    for (const [value, mistake] of mistakes) expect(notPlainIn(value)).toEqual([mistake]);
  });
});
