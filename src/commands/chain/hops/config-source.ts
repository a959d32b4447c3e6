/** What a file or a command line says about a hop. */
import { basename, resolve } from 'node:path';
import { ParseError, UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import { findHttpStack } from '../../../knowledge/find-stack.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import { type ConfigFiles, placeText } from '../config/files.ts';
import { readInvocation, splitWords } from '../gunicorn/command-line.ts';
import { type GunicornStart, readGunicorn } from '../gunicorn/read-gunicorn.ts';
import { readDump } from '../nginx/dump.ts';
import { readNginx } from '../nginx/read-nginx.ts';
import { reuseLines } from '../nginx/reuse-lines.ts';
import type { NginxRoute } from '../nginx/route.ts';
import type { ChainHop } from '../report.ts';
import type { HopSyntax } from '../write.ts';
import { type HopSource, type SourceOptions, sidelessHop, singleSource } from './source.ts';
import type { HopSpec } from './spec.ts';

/** By the file's name, else by what stands in it. Throws a UsageError or a ParseError. */
export function sourceOfFile(path: string, { command }: HopSpec, options: SourceOptions): HopSource {
  switch (kindOfFile(path, readText(path, options.files))) {
    case 'gunicorn': {
      const words = command === null ? [] : splitWords(command);
      const start = { configPath: path, words, environmentWords: null };
      return sourceOfGunicorn(start, options, { kind: 'file', file: path, line: null });
    }
    case 'nginx':
      return sourceOfNginx(path, options);
    case 'yaml':
      throw new UsageError(`${quoted(path)} describes a whole chain`, 'give it alone: kaprobe chain FILE');
    case null:
      throw new UsageError(
        `cannot tell what ${quoted(path)} is`,
        'known are the configuration of nginx, that of gunicorn (*.py), and a chain in YAML (*.yaml)',
      );
  }
}

/** Only the command line of gunicorn is read. Throws a UsageError or a ParseError. */
export function sourceOfCommand(text: string, { place }: HopSpec, options: SourceOptions): HopSource {
  const invocation = readInvocation(text);
  if (invocation === null) {
    const [program = ''] = text.trim().split(/\s/);
    const stack = findHttpStack(basename(program));
    throw new UsageError(
      `${place}: ${quoted(text)} is no command line that can be read`,
      stack === null
        ? 'only that of gunicorn is: gunicorn --keep-alive 75 -k gthread app:app'
        : `of ${stack.id} only the defaults are known: give what differs, such as --hop stack=${stack.id},idle-close=75s`,
    );
  }
  return sourceOfGunicorn({ configPath: null, ...invocation }, options, { kind: 'command-line', text });
}

/** The text of a file that the user named. Throws a ParseError where it cannot be read. */
export function readText(path: string, files: ConfigFiles): string {
  return Buffer.from(readBytes(path, files)).toString('utf8');
}

function readBytes(path: string, files: ConfigFiles): Uint8Array {
  if (path === '-') throw new UsageError('standard input is not read', SAVE_HINT);
  const file = files.read(path);
  if (file.kind === 'file') return file.bytes;
  throw new ParseError(`cannot read ${quoted(path)}: ${file.reason}`, HINTS[file.reason] ?? null);
}

const SAVE_HINT = 'give a file, for example what nginx -T > nginx.txt wrote';
const HINTS: Readonly<Record<string, string>> = {
  'is a folder': 'give the file in it from which all others are included, usually nginx.conf',
  'is not a regular file': SAVE_HINT,
};

/** What a file holds, by its name, else by its first directives; null: none of these. */
export function kindOfFile(path: string, text: string): 'nginx' | 'gunicorn' | 'yaml' | null {
  const name = basename(path).toLowerCase();
  if (/\.ya?ml$/.test(name)) return 'yaml';
  if (name.endsWith('.py')) return 'gunicorn';
  if (/^nginx.*\.conf$/.test(name) || /^# configuration file .+:\r?$/m.test(text)) return 'nginx';
  if (/^\s*(events|http|upstream\s+\S+|server|worker_processes\s+\S+|user\s+\S+)\s*[{;]/m.test(text)) return 'nginx';
  return /^\s*(bind|workers|worker_class|keepalive|wsgi_app)\s*=/m.test(text) ? 'gunicorn' : null;
}

function sourceOfGunicorn(start: GunicornStart, { files }: SourceOptions, origin: ChainHop['origin']): HopSource {
  const { server, product, doubts } = readGunicorn(start, files);
  const file = start.configPath === null ? null : resolve(start.configPath);
  const hop = { ...sidelessHop(product), origin, server, doubts };
  return singleSource({ name: 'gunicorn', role: 'app', file }, hop, { kind: 'stack', id: 'gunicorn' });
}

function sourceOfNginx(path: string, { nginxVersion, files }: SourceOptions): HopSource {
  const dump = readDump(path, readBytes(path, files));
  const { routes, doubts } = readNginx(dump?.mainPath ?? path, { version: nginxVersion, files: dump?.files ?? files });
  if (routes.length === 0) throw new ParseError(`${quoted(path)} has no server that answers HTTP`);
  return {
    name: 'nginx',
    role: 'proxy',
    file: resolve(path),
    variants: routes.map((route) => ({
      hop: {
        ...sidelessHop('nginx'),
        origin: { kind: 'file', file: route.place.file, line: route.place.line },
        server: { ...route.server, hintMs: route.hintMs, makesRoom: true }, // ngx_drain_connections
        client: route.client === null ? null : { ...route.client, asksToClose: asksToClose(route) },
        doubts: [...doubts, ...route.doubts],
      },
      syntax: syntaxOf(route),
      route: route.location === null ? route.serverName : `${route.serverName} ${route.location}`,
    })),
  };
}

/** What holds for all of nginx, and where it belongs in this configuration. */
function syntaxOf(route: NginxRoute): HopSyntax {
  const { passTo } = route;
  const block = passTo?.block ?? null;
  const poolBlock = block === null ? null : `# in upstream ${passTo?.name} at ${placeText(block)}`;
  return { kind: 'nginx', reuse: reuseLines(route), poolBlock };
}

/** Whether requests on this route end their connection; null: the configuration does not say. */
function asksToClose({ pool }: NginxRoute): boolean | null {
  if (pool === null || !isKnown(pool.httpVersion) || !isKnown(pool.connection)) return null;
  return pool.httpVersion.value === '1.0' || pool.connection.value.toLowerCase() === 'close';
}
