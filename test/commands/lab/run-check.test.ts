import { expect, test } from 'vitest';
import { readCheckRun } from '../../../src/commands/lab/run-check.ts';
import { report } from '../../fixtures/reports/check-many-targets.ts';
import { report as ofSimulate } from '../../fixtures/reports/simulate-forgotten.ts';
import { renderJson } from '../../rooms.ts';

const written = renderJson(report);

test('what check writes as json is read whole', () => {
  expect(readCheckRun(written)).toEqual(JSON.parse(written));
});

test.each([
  ['the report of another command', renderJson(ofSimulate)],
  ['a report that was cut', written.slice(0, -10)],
  ['a target without its fields', written.replaceAll('"survival"', '"other"')],
  ['no object', 'null'],
  ['nothing', ''],
])('%s is not read as a check', (_, text) => {
  expect(readCheckRun(text)).toBeNull();
});
