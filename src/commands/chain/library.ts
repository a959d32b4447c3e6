import { UsageError } from '../../base/errors.ts';
import type { Report } from '../../report/report.ts';
import { ask, COMMON, listOf, number, object, type Reader, text } from '../shared/library.ts';
import type { LibraryOptions } from '../shared/library-types.ts';
import { diskFiles } from './config/disk-files.ts';
import { parseHop } from './hops/spec.ts';
import { judgeChain } from './judge-chain.ts';
import { type Given, hopOfRole, MARGIN, MAX_IDLE, readMiddlebox, readQuestion } from './question.ts';
import type { ChainData } from './report.ts';

/**
 * A hop, by one of its keys: a stack, a preset, or a file of its configuration, or all in one text as `--hop` has it. `measure`: the URL at
 * which its idle close is measured.
 */
export type GivenHop = { measure?: string } & (
  | { client: string }
  | { proxy: string }
  | { app: string }
  /** An idle timeout may stand here as well, such as `350s`. */
  | { middlebox: string }
  | { hop: string }
);

/** What may be given to `chain`. Times are milliseconds; what is left out is as on the command line. */
export interface ChainOptions extends LibraryOptions {
  /** What connections that are not reused cost. Default: not said. */
  requestsPerSecond?: number;
  /** By how much each hop must outlast the one before it. Default: 2000. */
  marginMs?: number;
  /** How long to wait for a server that is measured. Default: a little longer than configured, or two minutes. */
  maxIdleMs?: number;
  /** As `nginx -v` prints it. */
  nginxVersion?: string;
  /** Only the routes of nginx with these words in server name or location. */
  route?: string;
}

const options = object({
  ...COMMON,
  requestsPerSecond: number({ min: Number.MIN_VALUE, max: 1e9 }),
  marginMs: number(MARGIN),
  maxIdleMs: number(MAX_IDLE),
  nginxVersion: text,
  route: text,
} satisfies Record<keyof ChainOptions, Reader<unknown>>);

const KINDS = ['client', 'proxy', 'app', 'middlebox', 'hop'] as const;
const hopKeys = object({ client: text, proxy: text, app: text, middlebox: text, hop: text, measure: text });

/**
 * Holds the idle timeouts of neighbouring hops against each other, from client to origin. A text among the hops is a file: nginx.conf,
 * gunicorn.conf.py, or one YAML file with all hops. Rejects with a UsageError for hops or options that cannot be meant, and with a ParseError for
 * a file that cannot be read.
 */
export async function chain(
  hops: readonly (string | GivenHop)[],
  given: ChainOptions = {},
): Promise<Report<ChainData, 'chain'>> {
  const read = options(given, 'chain');
  const operands: string[] = [];
  const flags: Given[] = [];
  for (const hop of listOf<unknown>((value) => value)(hops, 'hops')) {
    if (typeof hop === 'string') operands.push(hop);
    else flags.push(...readHop(hop));
  }
  const files = diskFiles();
  const { requestsPerSecond = null, marginMs = null, maxIdleMs = null, nginxVersion = null, route = null } = read;
  const wish = { given: flags, requestsPerSecond, marginMs, maxIdleMs, nginxVersion, route };
  const question = await readQuestion(operands, wish, files);
  return ask('chain', read, (context) => judgeChain(question, files, context));
}

function readHop(value: unknown): Given[] {
  const { measure, ...hop } = hopKeys(value, 'hop');
  const [kind, ...others] = KINDS.filter((each) => hop[each] !== undefined);
  if (kind === undefined || others.length > 0) throw new UsageError(`a hop must have one of ${KINDS.join(', ')}`);
  const said = hop[kind] ?? '';
  const read =
    kind === 'hop'
      ? ({ kind, spec: parseHop(said) } as const)
      : kind === 'middlebox'
        ? readMiddlebox(said)
        : hopOfRole(kind, said);
  return measure === undefined ? [read] : [read, { kind: 'measure', text: measure }];
}
