import { type Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { formatDuration, parseDuration } from '../../base/units.ts';
import { parseTarget, SCHEME_NAMES } from '../../connections/target.ts';
import { defineRoom } from '../room.ts';
import { durationOption, integerOption } from '../shared/options.ts';
import type { LadderPlan } from './ladder.ts';
import { measureTarget } from './measure-target.ts';
import {
  DIRECTIONS,
  MEASURE_BOUNDS,
  MEASURE_DEFAULTS,
  type MeasureQuestion,
  measureQuestion,
  WARMUPS,
} from './question.ts';

const { share: DEFAULT_SHARE, floorMs: DEFAULT_FLOOR_MS } = MEASURE_DEFAULTS.resolution;

const EXAMPLES = `
Takes about 1.1 times the timeout with 128 or 64 connections, 1.4 with 16, and
some seconds. Ctrl-C prints what is known by then.

Examples:
  kaprobe measure db.example:5432
  kaprobe measure https://app.example --max 10m --connections 128
  kaprobe measure 10.0.0.5:6379 --max 2h --locate --resume redis.kaprobe
  kaprobe measure app.example:7000 --direction both`;

const declare = (command: Command) =>
  command
    .description(
      'Leaves connections idle side by side, each for another time, and probes them without payload: the age from which they are dead is the idle timeout of the path. Needs nothing at the far end but a port that accepts connections and holds them; --direction server or both needs kaprobe serve there.',
    )
    .argument('<target>', `host:port, [v6]:port, or a URL: ${SCHEME_NAMES.join(', ')}`)
    .optionsGroup('Timing:')
    .addOption(durationOption('--max <duration>', 'the longest idle time to try', MEASURE_BOUNDS.maxMs))
    .addOption(durationOption('--min <duration>', 'the shortest idle time to try', MEASURE_BOUNDS.minMs))
    .addOption(
      new Option(
        '--resolution <width>',
        `how narrow the answer has to be: a share of the timeout such as 2%, never less than a second, or a duration (default: ${DEFAULT_SHARE * 100}%)`,
      ).argParser(readResolution),
    )
    .optionsGroup('Target:')
    .addOption(
      integerOption(
        '--connections <n>',
        'connections open at once, at most; more are faster',
        MEASURE_BOUNDS.connections,
      ),
    )
    .addOption(
      new Option(
        '--warmup <protocol>',
        "the request that each connection begins with, which puts the server into its longest idle state (default: the scheme's)",
      ).choices(WARMUPS),
    )
    .addOption(
      new Option(
        '--direction <who>',
        'who speaks first after the silence: this side; the far end, which needs kaprobe serve there; or both, each on half of the connections',
      )
        .choices(DIRECTIONS)
        .default('client' as const),
    )
    .option('--locate', 'look for the hop that drops the idle connections')
    .option('--resume <file>', 'begin with what an interrupted run left there, and leave there what is known')
    .addHelpText('after', EXAMPLES);

type Options = ReturnType<ReturnType<typeof declare>['opts']>;

/** Measures after how long a path forgets an idle connection. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare,
  run: async (operands, options, context) => measureTarget(readQuestion(operands, options), context),
});

function readQuestion(operands: readonly string[], options: Options): MeasureQuestion {
  const [operand] = operands;
  if (operand === undefined) throw new UsageError('no target given', 'for example kaprobe measure db.example:5432');
  return measureQuestion({
    target: parseTarget(operand),
    direction: options.direction,
    minMs: options.min ?? null,
    maxMs: options.max ?? null,
    resolution: options.resolution ?? null,
    connections: options.connections ?? null,
    warmup: options.warmup ?? null,
    locate: options.locate === true,
    resume: options.resume ?? null,
  });
}

/** Reads `2%` or `500ms`. */
function readResolution(text: string): LadderPlan['resolution'] {
  const [, percent] = /^(\d{1,2}(?:\.\d{1,2})?)%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) > 0) return { share: Number(percent) / 100, floorMs: DEFAULT_FLOOR_MS };
  const parsed = parseDuration(text);
  if (parsed.kind === 'invalid') {
    throw new UsageError(
      `--resolution ${quoted(text)} is neither a share from 0.01% to 99% nor a duration`,
      'for example --resolution 2% or --resolution 500ms',
    );
  }
  if (parsed.ms < MEASURE_BOUNDS.floorMs.min) {
    throw new UsageError(
      `--resolution ${quoted(text)} is finer than this can tell`,
      `from ${formatDuration(MEASURE_BOUNDS.floorMs.min)}, which is what the clocks on the way are good for`,
    );
  }
  return { share: 0, floorMs: parsed.ms };
}
