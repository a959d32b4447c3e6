/** From the words of the command line to what they ask for: the one place that speaks with commander. */
import { Command, CommanderError, Option, type OptionValues } from '@commander-js/extra-typings';
import { UsageError } from '../base/errors.ts';
import { quoted } from '../base/quoted.ts';
import { didYouMean } from '../base/suggest.ts';
import { VERSION } from '../base/version.ts';
import { type FileOutput, outputOption } from '../output/file-output.ts';
import { formats } from '../output/formats/registry.generated.ts';
import { SEVERITIES, type Severity } from '../report/finding.ts';
import { type CommandName, commands } from './index.ts';
import { helpHint, mistakeOf } from './mistake.ts';
import type { Room } from './room.ts';

const EXIT_CODES = `
Exit codes:
  0    measured, and nothing wrong
  1    findings at or above --fail-on
  2    could not tell: bad usage, missing rights, nothing measured
  130  interrupted`;

const nameWidth = Math.max(...Object.keys(formats).map((name) => name.length));
const FORMATS = `
Formats:
${Object.entries(formats)
  .map(([name, { summary }]) => `  ${name.padEnd(nameWidth)}  ${summary}`)
  .join('\n')}`;

/** What a command line asks for: a text that is ready (help, version), or the answer of a room. */
type Request = { kind: 'text'; text: string } | RoomRequest;

export interface RoomRequest {
  kind: 'room';
  name: CommandName;
  room: Room;
  operands: string[];
  /** The room's own, among others. */
  options: OptionValues;
  output: OutputOptions;
}

/** What every command takes. */
interface OutputOptions {
  format: string;
  failOn: Severity;
  files: readonly FileOutput[];
  /** null: as the screen and the environment have it. */
  color: boolean | null;
}

/**
 * Reads the command line, and loads the room that it names. Throws a UsageError for one that cannot be meant. `helpWidth`: columns of the
 * help.
 */
export async function readCommandLine(argv: readonly string[], helpWidth: number): Promise<Request> {
  const texts: string[] = [];
  const text = (): Request => ({ kind: 'text', text: texts.join('') });
  const program = new Command('kaprobe')
    .description('Tells why idle TCP connections hang or die, who kills them, and what exactly to set.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', EXIT_CODES)
    .exitOverride() // left alone, commander would end the process with 1, which means findings
    .configureOutput({ writeOut: (part) => texts.push(part), writeErr: () => {}, outputError: () => {} })
    .configureHelp({ helpWidth, showGlobalOptions: false });
  const listed: Command[] = Object.entries(commands).map(([name, { summary }]) =>
    program.command(name).summary(summary),
  );
  const name = calledCommand(argv);
  const command = listed.find((each) => each.name() === name) ?? null;
  const room = name === null ? null : await commands[name].load();
  const output = command === null || room === null ? null : declareRoom(command, room);
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return text();
    throw mistakeOf(error, argv, program, command);
  }
  return name === null || command === null || room === null || output === null
    ? text()
    : { kind: 'room', name, room, operands: command.args, options: command.opts(), output: output() };
}

/** Declares the room's own arguments and options and those of every command, which the function returned then reads. */
function declareRoom(command: Command, room: Room): () => OutputOptions {
  room.declare(command);
  const declared = command
    .optionsGroup('Output:')
    .addOption(new Option('--format <format>', 'how to write the report').choices(Object.keys(formats)).default('text'))
    .addOption(outputOption())
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that makes the exit code 1')
        .choices(SEVERITIES)
        .default('error'),
    )
    .option('--color', 'colours even where the output is no terminal')
    .option('--no-color', 'no colours')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', FORMATS)
    .addHelpText('after', EXIT_CODES);
  for (const option of declared.options) {
    const { argChoices: choices } = option;
    if (choices === undefined) continue;
    option.argParser((text: string) => {
      if (choices.includes(text)) return text;
      throw new UsageError(
        `${option.long} ${quoted(text)} is not one of ${choices.join(', ')}`,
        didYouMean(text, choices) ?? helpHint(command),
      );
    });
  }
  return () => {
    const { format, output = [], failOn, color } = declared.opts();
    return { format, failOn, files: output, color: color ?? null };
  };
}

/** The command that the command line names; null when it names none that exists. */
function calledCommand(argv: readonly string[]): CommandName | null {
  const word = argv.find((text) => !text.startsWith('-') && text !== 'help');
  return word !== undefined && Object.hasOwn(commands, word) ? (word as CommandName) : null; // its own keys are the names
}
