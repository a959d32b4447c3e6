import { Command } from '@commander-js/extra-typings';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import {
  countOption,
  durationOption,
  idleOption,
  integerOption,
  intervalOption,
  netnsOption,
  percentOption,
  repeatableOption,
  timeoutOption,
  userTimeoutOption,
} from '../../../src/commands/shared/options.ts';

const quiet = () => new Command().exitOverride().configureHelp({ helpWidth: 120 });
const SECONDS = { min: 1000, max: 60_000, step: 1000 };

/** A command with one option of each kind. */
const example = () =>
  quiet()
    .addOption(durationOption('--wait <duration>', 'how long', { ...SECONDS, default: 5000 }))
    .addOption(durationOption('--pause <duration>', 'between', { ...SECONDS, shownDefault: 90_000 }))
    .addOption(durationOption('--for <duration>', 'when to end', { ...SECONDS, shownDefault: 'on Ctrl-C' }))
    .addOption(durationOption('--margin <duration>', 'to spare', SECONDS))
    .addOption(integerOption('--tries <n>', 'how many', { min: 0, max: 9, default: 0 }))
    .addOption(integerOption('--port <n>', 'where', { min: 0, max: 9 }))
    .addOption(percentOption('--loss <percent>', 'lost', { default: 2.5 }))
    .addOption(percentOption('--share <percent>', 'of all'))
    .addOption(repeatableOption('--name <text>', 'repeatable'));

describe('an option with a default', () => {
  test('has that value when it is not given, and the type says so', () => {
    const options = example().parse([], { from: 'user' }).opts();
    expect(options).toEqual({ wait: 5000, tries: 0, loss: 2.5 });
    expectTypeOf(options.wait).toEqualTypeOf<number>();
    expectTypeOf(options.tries).toEqualTypeOf<number>();
    expectTypeOf(options.loss).toEqualTypeOf<number>();
  });

  test('has its own value when it is given', () => {
    const argv = ['--wait', '7s', '--tries', '3', '--loss', '10%'];
    expect(example().parse(argv, { from: 'user' }).opts()).toEqual({ wait: 7000, tries: 3, loss: 10 });
  });

  test('shows it in the help as it would be typed', () => {
    const help = example().helpInformation();
    expect(help).toContain('how long (default: 5s)');
    expect(help).toContain('how many (default: 0)');
    expect(help).toContain('lost (default: 2.5%)');
  });
});

describe('an option whose default is only shown', () => {
  test('is undefined when it is not given, and the type says so', () => {
    const options = example().parse([], { from: 'user' }).opts();
    expect(options.pause).toBeUndefined();
    expectTypeOf(options.pause).toEqualTypeOf<number | undefined>();
    expectTypeOf(options.for).toEqualTypeOf<number | undefined>();
  });

  test('shows it in the help, a text as it is', () => {
    const help = example().helpInformation();
    expect(help).toContain('between (default: 90s)');
    expect(help).toContain('when to end (default: on Ctrl-C)');
  });
});

describe('an option without a default', () => {
  test('is undefined when it is not given, and the help shows none', () => {
    const options = example().parse([], { from: 'user' }).opts();
    expectTypeOf(options.margin).toEqualTypeOf<number | undefined>();
    expectTypeOf(options.port).toEqualTypeOf<number | undefined>();
    expectTypeOf(options.share).toEqualTypeOf<number | undefined>();
    expectTypeOf(options.name).toEqualTypeOf<string[] | undefined>();
    expect(example().helpInformation()).toMatch(/to spare$/m);
  });

  test('that is repeatable collects its values', () => {
    const argv = ['--name', 'a', '--name', 'b'];
    expect(example().parse(argv, { from: 'user' }).opts().name).toEqual(['a', 'b']);
  });
});

test('a value out of bounds is a usage error that names the option', () => {
  const mistakes: [argv: string[], message: string][] = [
    [['--wait', '90s'], "--wait '90s' is out of range"],
    [['--wait', '1500ms'], "--wait '1500ms' is too fine"],
    [['--wait', '5'], "--wait '5' has no unit"],
    [['--tries', '10'], "--tries '10' is not a whole number from 0 to 9"],
    [['--loss', '5'], "--loss '5' has no percent sign"],
    [['--loss', '101%'], "--loss '101%' is not a share from 0% to 100%"],
  ];
  for (const [argv, message] of mistakes) {
    const parse = () => example().parse(argv, { from: 'user' });
    expect(parse, argv.join(' ')).toThrow(UsageError);
    expect(parse, argv.join(' ')).toThrow(message);
  }
});

test('rooms share the options of keepalive, each with its own default and bounds', () => {
  const command = quiet()
    .addOption(idleOption({ default: 15_000 }))
    .addOption(intervalOption({ shownDefault: 75_000 }))
    .addOption(countOption({ max: 100_000 }))
    .addOption(userTimeoutOption({ min: 0 }))
    .addOption(timeoutOption('for the connection', { default: 5000 }))
    .addOption(netnsOption('of --pid'));
  const options = command.parse(['--count', '200', '--user-timeout', '0s'], { from: 'user' }).opts();
  expect(options).toEqual({ idle: 15_000, count: 200, userTimeout: 0, timeout: 5000 });
  expectTypeOf(options.idle).toEqualTypeOf<number>();
  expectTypeOf(options.interval).toEqualTypeOf<number | undefined>();
  expectTypeOf(options.count).toEqualTypeOf<number | undefined>();
  expectTypeOf(options.timeout).toEqualTypeOf<number>();
  expectTypeOf(options.netns).toEqualTypeOf<number | undefined>();
  const help = command.helpInformation();
  expect(help).toContain('TCP_KEEPIDLE: silence before the first probe (default: 15s)');
  expect(help).toContain('such as one in a container (default: of');
});
