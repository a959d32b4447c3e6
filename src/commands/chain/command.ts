import { Option } from '@commander-js/extra-typings';
import { roleOf } from '../../knowledge/sides.ts';
import { stacks } from '../../knowledge/stacks/registry.generated.ts';
import { defineRoom } from '../room.ts';
import { durationOption } from '../shared/options.ts';
import { diskFiles } from './config/disk-files.ts';
import { SETTINGS } from './hops/settings.ts';
import { parseHop, type Role } from './hops/spec.ts';
import { judgeChain } from './judge-chain.ts';
import { type Given, hopOfRole, MARGIN, MAX_IDLE, readMiddlebox, readQuestion, readRate } from './question.ts';

const EXAMPLES = `
Examples:
  kaprobe chain nginx.conf gunicorn.conf.py
  kaprobe chain --proxy nginx.conf --app 'gunicorn --keep-alive 75 app:app'
  kaprobe chain --hop name=lb,preset=aws-alb --app node --rate 200/s
  kaprobe chain --client requests --middlebox juniper-srx-tcp --app arangodb
  kaprobe chain nginx.conf app.py --measure gunicorn=http://10.0.0.5:8000/`;

/** Judges whether the idle timeouts of client, proxy and application line up. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare(command) {
    const given: Given[] = [];
    /** An option about a hop. All go into one list: only that keeps their order across options. */
    const hopOption = <const Flags extends string>(flags: Flags, description: string, read: (text: string) => Given) =>
      new Option(flags, description).argParser((text: string): Given[] => {
        given.push(read(text));
        return given;
      });
    const role = (name: Role) => (text: string) => hopOfRole(name, text);
    return command
      .description(
        'Holds the idle timeouts of neighbouring hops against each other: who closes first, are connections reused at all, does a middlebox between them forget. From configuration, defaults, or the running server.',
      )
      .argument(
        '[files...]',
        'nginx.conf and gunicorn.conf.py in the order in which requests pass, or one YAML file with all hops',
      )
      .optionsGroup('Hops, from client to origin, in the order given:')
      .addOption(
        hopOption('--client <stack>', 'what sends the requests: requests, go, aiohttp, undici, ...', role('client')),
      )
      .addOption(
        hopOption(
          '--proxy <file>',
          'nginx.conf, the output of nginx -T, or a stack or preset such as envoy, aws-alb',
          role('proxy'),
        ),
      )
      .addOption(
        hopOption(
          '--app <file>',
          'gunicorn.conf.py, a command line of gunicorn, or a stack such as node, uvicorn',
          role('app'),
        ),
      )
      .addOption(
        hopOption(
          '--gunicorn <arguments>',
          'the arguments that gunicorn is started with; they come before its file',
          (text) => ({ kind: 'gunicorn', text }),
        ),
      )
      .addOption(
        hopOption(
          '--middlebox <preset>',
          'what only forwards packets here: a preset, or an idle timeout such as 350s',
          readMiddlebox,
        ),
      )
      .addOption(
        hopOption('--hop <key=value,...>', 'any hop, key by key (below)', (text) => ({
          kind: 'hop',
          spec: parseHop(text),
        })),
      )
      .addOption(
        hopOption(
          '--measure <url>',
          'measure the idle close of the hop before it here, or of NAME with NAME=URL',
          (text) => ({ kind: 'measure', text }),
        ),
      )
      .optionsGroup('Judged by:')
      .addOption(
        new Option(
          '--rate <requests>',
          'requests a second, such as 200/s: what connections that are not reused cost',
        ).argParser(readRate),
      )
      .addOption(durationOption('--margin <duration>', 'by how much each hop must outlast the one before it', MARGIN))
      .addOption(durationOption('--max-idle <duration>', 'how long --measure waits for the server to close', MAX_IDLE))
      .option('--nginx-version <version>', 'as nginx -v prints it: the defaults of upstreams changed with 1.29.7')
      .option('--route <words>', 'only the routes of nginx with these words in server name or location')
      .addHelpText('after', `\n${keysHelp()}\n${stacksHelp()}${EXAMPLES}`);
  },

  async run(operands, options, context) {
    const { client, proxy, app, gunicorn, middlebox, hop, measure } = options;
    const files = diskFiles();
    const flags = {
      // Each of them holds the whole list.
      given: client ?? proxy ?? app ?? gunicorn ?? middlebox ?? hop ?? measure ?? [],
      requestsPerSecond: options.rate ?? null,
      marginMs: options.margin ?? null,
      nginxVersion: options.nginxVersion ?? null,
      maxIdleMs: options.maxIdle ?? null,
      route: options.route ?? null,
    };
    return judgeChain(await readQuestion(operands, flags, files), files, context);
  },
});

function keysHelp(): string {
  const rows = helpRows({
    'name, role': 'what to call it; client, proxy, app or middlebox',
    'stack, preset': 'what it is: its defaults hold where nothing else is said',
    'file, command': 'its configuration, its command line (last of the keys)',
    measure: 'URL at which its idle close is measured',
    ...Object.fromEntries(Object.entries(SETTINGS).map(([key, { meaning }]) => [key, meaning])),
  });
  return `Keys of --hop, and of each hop in YAML (a list, or "hops:" beside "rate:",\n"margin:" and "nginx-version:"):\n${rows}`;
}

function stacksHelp(): string {
  const shortest = (names: readonly string[]): string => names.reduce((a, b) => (b.length < a.length ? b : a));
  const named = (role: Role): string =>
    Object.values(stacks)
      .filter((stack) => roleOf(stack) === role)
      .map(({ id, http }) => shortest([id, ...(http?.aliases ?? [])]))
      .join(', ');
  return `\nStacks:\n${helpRows({ client: named('client'), proxy: named('proxy'), app: named('app') })}\n`;
}

/** A name and a text a row, the texts aligned and broken at 80 columns. */
function helpRows(rows: Record<string, string>): string {
  const column = Math.max(...Object.keys(rows).map((key) => key.length)) + 4;
  return Object.entries(rows)
    .flatMap(([key, text]) => {
      const lines = text.match(new RegExp(`.{1,${80 - column}}(?= |$)`, 'g')) ?? [text];
      return lines.map((line, index) => `${(index === 0 ? `  ${key}` : '').padEnd(column)}${line.trim()}`);
    })
    .join('\n');
}
