import { type Command, Option } from '@commander-js/extra-typings';
import { DAY_MS } from '../../base/units.ts';
import { HTTP_PROBE_DEFAULTS } from '../../connections/http/plan.ts';
import {
  type Bounds,
  durationOption,
  IDLE_TIMEOUT_BOUNDS,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
  readDuration,
  repeatableOption,
  timeoutOption,
} from '../shared/options.ts';

/** What values may be. What is shown as a default depends on the method too: one that may change something is repeated less. */
export const HTTP_BOUNDS = {
  maxIdleMs: { min: 100, max: DAY_MS, step: 1, shownDefault: HTTP_PROBE_DEFAULTS.idle.maxIdleMs },
  maxRequests: { min: 1, max: 10_000, step: 1, shownDefault: HTTP_PROBE_DEFAULTS.maxRequests },
  connections: { min: 1, max: 100, step: 1, shownDefault: HTTP_PROBE_DEFAULTS.idle.connectionCount },
  race: { min: 10, max: 500, step: 1 },
  gapMs: { min: 1, max: DAY_MS, step: 1, shownDefault: 'the worst' },
} as const satisfies Record<string, Bounds & { shownDefault?: number | string }>;

/** Declares the options of `http`. */
export const declareHttp = (command: Command) =>
  command
    .description(
      'Asks on one connection until the server ends it, then leaves connections idle and measures when the server closes them. Judges that against the clients and proxies that send requests to it.',
    )
    .argument('<url>', 'an http or https URL')
    .optionsGroup('Request:')
    .option(
      '--method <method>',
      `GET, HEAD or another; one that may change something is repeated once only (default: ${HTTP_PROBE_DEFAULTS.method})`,
    )
    .addOption(
      repeatableOption(
        '-H, --header <line>',
        "a header as 'Name: value'; 'Name:' leaves out one of kaprobe's own; repeatable",
      ),
    )
    .option('--http1.0', 'ask in HTTP/1.0, as nginx before 1.29.7 asks its upstreams')
    .option('--follow', 'follow redirects, five at most; they are shown in any case')
    .optionsGroup('Target:')
    .addOption(repeatableOption('--resolve <host:port:address>', "in place of the resolver's answer; repeatable"))
    .option('--insecure', 'go on where the certificate is not trusted')
    .optionsGroup('Counting and timing:')
    .addOption(integerOption('--max-requests <n>', 'requests on one connection, at most', HTTP_BOUNDS.maxRequests))
    .addOption(integerOption('--connections <n>', 'connections that idle side by side', HTTP_BOUNDS.connections))
    .addOption(
      durationOption('--max-idle <duration>', 'how long to wait for the server to close them', HTTP_BOUNDS.maxIdleMs),
    )
    .option('--no-idle', 'do not wait for that')
    .addOption(
      timeoutOption('for name, connection, TLS handshake and each response', {
        default: HTTP_PROBE_DEFAULTS.timeoutMs,
      }),
    )
    .optionsGroup('Race (GET and HEAD only):')
    .addOption(
      integerOption(
        '--race <n>',
        'send so many requests, each on an idle connection of its own, around the moment at which the server closes',
        HTTP_BOUNDS.race,
      ),
    )
    .addOption(
      durationOption(
        '--gap <duration>',
        'the mean time between requests on a connection, for the failures per million',
        HTTP_BOUNDS.gapMs,
      ),
    )
    .optionsGroup('Judged against:')
    .addOption(idleLimitOption('--client-idle <duration>', "idle timeout of the client's connection pool, or never"))
    .addOption(idleLimitOption('--proxy-idle <duration>', 'idle timeout of a proxy in front of the server, or never'))
    .addOption(middleboxOption())
    .addOption(middleboxTimeoutOption())
    .addHelpText(
      'after',
      `
A preset of a proxy (aws-alb, gcp-alb-backend, nginx-upstream-pool) is taken as
a sender of requests, one of a firewall or NAT as a box on the path.

Examples:
  kaprobe http https://app.example/health
  kaprobe http http://10.0.0.5:8000/ --middlebox aws-alb --client-idle 90s
  kaprobe http http://127.0.0.1:8000/ --race 100 --max-idle 10s --gap 5s`,
    );

type Declared = ReturnType<ReturnType<typeof declareHttp>['opts']>;

/** The options as they are read, from the command line or elsewhere: what is undefined is not given, and neither is a switch that is false. */
export type HttpOptions = {
  [K in keyof Declared]:
    | Declared[K]
    | (true extends Declared[K] ? boolean : never)
    | (Record<string, never> extends Pick<Declared, K> ? undefined : never);
};

/** A duration, or `never`, which is null inside. */
function idleLimitOption<const Flags extends string>(flags: Flags, description: string) {
  const option = new Option(flags, description);
  return option.argParser((text: string): { givesUpAfterMs: number | null } => ({
    givesUpAfterMs: text === 'never' ? null : readDuration(`${option.long}`, text, IDLE_TIMEOUT_BOUNDS),
  }));
}
