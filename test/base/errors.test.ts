import { expect, test } from 'vitest';
import { CapabilityError, KaprobeError, KernelError, ParseError, UsageError } from '../../src/base/errors.ts';

const cause = new Error('underneath');

test.each<[error: KaprobeError, name: string, code: string, message: string, hint: string | null]>([
  [new UsageError('bad flag', 'leave it out'), 'UsageError', 'usage', 'bad flag', 'leave it out'],
  [new CapabilityError('no rights', null, cause), 'CapabilityError', 'capability', 'no rights', null],
  [new ParseError('line 3: no number'), 'ParseError', 'parse', 'line 3: no number', null],
  [new KernelError('EPERM', 'setns'), 'KernelError', 'kernel', 'setns: EPERM', null],
  [new KaprobeError('output', 'stdout is gone'), 'KaprobeError', 'output', 'stdout is gone', null],
])('%s has its name, a stable code and a hint or null', (error, name, code, message, hint) => {
  expect(error).toBeInstanceOf(KaprobeError);
  expect({ ...error, name: error.name, message: error.message }).toMatchObject({ name, code, message, hint });
});

test('a cause is kept when there is one, and only then', () => {
  expect(new CapabilityError('no rights', null, cause).cause).toBe(cause);
  expect('cause' in new CapabilityError('no rights')).toBe(false);
});

test('a kernel error names its errno', () => {
  expect(new KernelError('ENOENT', 'open').errno).toBe('ENOENT');
});
