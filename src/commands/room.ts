import type { Command, OptionValues } from '@commander-js/extra-typings';
import type { LiveEvent, LongList, View } from '../output/format.ts';
import type { Severity } from '../report/finding.ts';
import type { Outcome, PassedThrough } from '../report/report.ts';

/** What a command may ask of the program that runs it. */
export interface CommandContext {
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  /** `--fail-on`: verdicts within the data agree with the report's. */
  failOn: Severity;
  /** Shows one line of progress in place of the last; does nothing unless stderr is a terminal. */
  progress(line: string): void;
  /** Writes one line of progress that stays; left out unless stderr is a terminal. */
  note?(line: string): void;
  /** Writes one line to stderr, wherever that goes, at once. Left out: nobody listens, as in the library. */
  tell?(line: string): void;
  /** Tells an event the moment that it happens. Left out: nobody listens. */
  emit?(event: LiveEvent): void;
  /** Shows how things are, in place of what was shown before. Left out: there is no terminal. */
  show?(state: unknown): void;
  /** Takes the whole of a long list, of which no more than a screenful need stand in the report. Left out, as in the library: all must. */
  handOver?(list: LongList): void;
}

/**
 * What stdout gets. `report`: the report. `program-and-report`: what another program prints; the report goes into files, or to stderr. `program`:
 * likewise, and there is no report.
 */
export type Answers = 'report' | 'program-and-report' | 'program';

/** A command: it declares its flags, gathers, and returns data and findings. It never prints and never sets an exit code. */
export interface Room<Data = unknown> {
  /** Ctrl-C is an end like any other: it returns its report, and the exit code is the report's. */
  endsOnInterrupt?: true;
  /** Left out: `report`. */
  answers?(operands: readonly string[]): Answers;
  /** Declares arguments, options and help on a command that already has its name and summary. */
  declare(command: Command): void;
  /** Throws a KaprobeError when the question cannot be asked. */
  run(operands: string[], options: OptionValues, context: CommandContext): Promise<Outcome<Data> | PassedThrough>;
  /** How people see the data. */
  view(): Promise<View<Data>>;
}

/** What a room writes of itself: `run` gets the options just as `declare` declares them, which is why that returns the command. */
interface Declaration<Data, Args extends unknown[], Options extends OptionValues>
  extends Omit<Room<Data>, 'declare' | 'run'> {
  declare(command: Command): Command<Args, Options>;
  run(operands: string[], options: Options, context: CommandContext): Promise<Outcome<Data> | PassedThrough>;
}

/** A room with typed options, as one of a list of rooms. */
export function defineRoom<Data, Args extends unknown[], Options extends OptionValues>(
  declaration: Declaration<Data, Args, Options>,
): Room<Data> {
  // Its own `declare` made the options: they are what it says they are.
  return declaration as unknown as Room<Data>;
}
