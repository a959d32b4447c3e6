/** What is wrong with a command line, said from what commander knows about it: its own sentences are not read. */
import type { Command, CommanderError } from '@commander-js/extra-typings';
import { UsageError } from '../base/errors.ts';
import { quoted } from '../base/quoted.ts';
import { didYouMean } from '../base/suggest.ts';
import { plural } from '../base/units.ts';

/** Where to look the options and arguments of a command up. */
export function helpHint(command: Command): string {
  return `see ${command.parent === null ? '' : `${command.parent.name()} `}${command.name()} --help`;
}

/** `error` as a UsageError; itself when it is none that kaprobe's own command line can raise. `called`: null when no command was named. */
export function mistakeOf(
  error: CommanderError,
  argv: readonly string[],
  program: Command,
  called: Command | null,
): Error {
  const command = called ?? program;
  const help = helpHint(command);
  switch (error.code) {
    case 'commander.help': {
      const [, name] = program.parseOptions([...argv]).operands; // of `help NAME`
      return name === undefined || name === 'help'
        ? new UsageError('no command given', help)
        : unknownCommand(name, program);
    }
    case 'commander.unknownCommand':
      return unknownCommand(command.args[0] ?? '', program);
    case 'commander.unknownOption': {
      const flag = command.args.find((word) => /^-./.test(word)) ?? '';
      const known = [...command.options, ...program.options].flatMap(({ long }) => long ?? []);
      const guess = flag.startsWith('--') ? didYouMean(flag, known) : null;
      return new UsageError(`unknown option ${quoted(flag)}`, guess ?? help);
    }
    case 'commander.optionMissingArgument': {
      // Anything behind it would have been taken for its value.
      const flag = argv.at(-1) ?? '';
      const name = flag.startsWith('--') ? flag : `-${flag.at(-1)}`; // short ones may stand together
      const option = command.options.find(({ long, short }) => long === name || short === name);
      return new UsageError(`option ${quoted(option?.flags ?? flag)} has no value`, help);
    }
    case 'commander.missingArgument': {
      const missing = command.registeredArguments.find(
        ({ required }, at) => required && command.args[at] === undefined,
      );
      return new UsageError(`missing required argument ${quoted(missing?.name() ?? '')}`, help);
    }
    case 'commander.excessArguments': {
      const { length: expected } = command.registeredArguments;
      return new UsageError(
        `too many arguments for ${quoted(command.name())}: expected ${plural(expected, 'argument')} but got ${command.args.length}`,
        help,
      );
    }
    default:
      return error;
  }
}

function unknownCommand(name: string, program: Command): UsageError {
  const known = program.commands.map((command) => command.name());
  return new UsageError(`unknown command ${quoted(name)}`, didYouMean(name, known) ?? helpHint(program));
}
