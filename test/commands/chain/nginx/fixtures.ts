/** The fixtures of nginx: folders with a configuration, and what nginx itself and the reader say about it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParseError } from '../../../../src/base/errors.ts';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';
import { readNginx } from '../../../../src/commands/chain/nginx/read-nginx.ts';
import type { NginxRoute } from '../../../../src/commands/chain/nginx/route.ts';
import type { ChainSource, MaybeChainValue } from '../../../../src/knowledge/hop.ts';

const folder = fileURLToPath(new URL('../../../fixtures/nginx/', import.meta.url));

export interface NginxFixture {
  name: string;
  folder: string;
  /** `accepts`, `refuses: words of its message`, or `refuses alone: ...` where the reader accepts. */
  nginx: string;
  version: string | null;
}

export const fixtures: readonly NginxFixture[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
  .map((name) => {
    const head = readFileSync(join(folder, name, 'expected.txt'), 'utf8');
    const [, nginx = '', version = ''] = /^nginx (.*)\nversion (.*)\n/.exec(head) ?? [];
    return { name, folder: join(folder, name), nginx, version: version === 'null' ? null : version };
  });

/** What the reader makes of a fixture, in few lines, with every value and its source. */
export function describeFixture({ folder: root, nginx, version }: NginxFixture): string {
  const head = `nginx ${nginx}\nversion ${version}\n`;
  const local = (text: string): string => text.replaceAll(`${root}/`, '');
  try {
    const { routes, doubts } = readNginx(join(root, 'nginx.conf'), { version, files: diskFiles() });
    const lines = [...routes.flatMap(describeRoute), ...doubts.map((doubt) => `doubt: ${doubt}`)];
    return local(`${head}${lines.map((line) => `${line}\n`).join('')}`);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return local(`${head}error ${error.message}\n${error.hint === null ? '' : `hint ${error.hint}\n`}`);
  }
}

function describeRoute({
  serverName,
  listens,
  location,
  passTo,
  place,
  hintMs,
  server,
  client,
  pool,
  doubts,
}: NginxRoute) {
  const { kind, protocol, name = '', servers = [] } = passTo ?? {};
  const target = passTo === null ? 'nowhere' : `${kind} ${protocol} ${name} [${servers.join(' ')}]`;
  return [
    `${serverName} (${listens.join(' ')}) ${location} -> ${target} @${place.file}:${place.line}`,
    `  server ${describeValues({ ...server, hintMs })}`,
    ...(client === null ? [] : [`  client ${describeValues({ ...client })}`]),
    ...(pool === null ? [] : [`  pool ${describeValues({ ...pool })}`]),
    ...doubts.map((doubt) => `  doubt: ${doubt}`),
  ];
}

type Value = MaybeChainValue<unknown> | string | boolean | null;

/** `idleCloseMs=75000@nginx.conf:7 reuse=true@default`; what is not known comes as `maxAgeMs=? (why)`. */
function describeValues(values: Record<string, Value>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${describeValue(value)}`)
    .join(' ');
}

function describeValue(value: Value): string {
  if (value === null || typeof value !== 'object') return String(value);
  if (!('value' in value)) return `? (${value.reason})`;
  const text =
    value.value !== null && typeof value.value === 'object' ? JSON.stringify(value.value) : String(value.value);
  return `${text === '' ? "''" : text}@${describeSource(value.source)}`;
}

function describeSource(source: ChainSource): string {
  return source.kind === 'file' ? `${source.file}:${source.line}` : source.kind;
}
