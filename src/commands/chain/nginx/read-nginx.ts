/** Reads a configuration of nginx and works out how each of its routes keeps connections, on both sides. */
import { type ConfigFiles, type Place, parseError, placeText } from '../config/files.ts';
import { readClientSide } from './client-side.ts';
import { allSetAt, inheritedAll, type Level, levelsBelow, readLevels, type SetDirective, setAt } from './levels.ts';
import type { Listen } from './listen.ts';
import type { NginxRoute, NginxTarget } from './route.ts';
import { type ListenOptions, readHint, readServerSide } from './server-side.ts';
import { type Directive, parseNginx } from './syntax.ts';

/**
 * Reads the configuration that starts with the file `mainPath`, as nginx would with `nginx -c`: includes are taken from that file's folder.
 * `version` is that of the running nginx, as `nginx -v` prints it; without it what depends on it is unmeasured. Throws a ParseError with file
 * and line where nginx would refuse to start for a reason that is in the directives read here, and a UsageError for a bad version.
 */
export function readNginx(
  mainPath: string,
  { version, files }: { version: string | null; files: ConfigFiles },
): { routes: NginxRoute[]; doubts: string[] } {
  const levels = readLevels(parseNginx(mainPath, files), version);
  const { main, doubts } = levels;
  const http = main.children.find(({ context }) => context === 'http');
  if (setAt(main, 'events') === null)
    throw parseError({ file: mainPath, line: 1 }, 'no "events" section in configuration');
  if (http === undefined) return { routes: [], doubts: [...doubts, 'the configuration has no http block'] };

  const upstreams = new Map<string, Level>();
  for (const upstream of http.children.filter(({ context }) => context === 'upstream')) {
    const directive = openingOf(upstream);
    const [name = ''] = directive.args;
    const key = name.toLowerCase();
    if (upstreams.has(key)) throw parseError(directive, `duplicate upstream "${name}"`);
    if (setAt(upstream, 'server') === null) throw parseError(directive, 'no servers are inside upstream');
    upstreams.set(key, upstream);
  }

  const servers = http.children.filter(({ context }) => context === 'server');
  const options = readListenOptions(servers);
  const routes = servers.flatMap((server): NginxRoute[] => {
    const listens = allSetAt(server, 'listen');
    const common = (level: Level): Pick<NginxRoute, 'serverName' | 'listens' | 'hintMs' | 'server'> => ({
      serverName: serverName(server),
      listens: listens.length === 0 ? ['*:80'] : listens.map(({ value }) => value.address),
      hintMs: readHint(level),
      server: readServerSide(level, listens, options, levels),
    });
    const passing = levelsBelow(server, ['location', 'if in location', 'limit_except']).flatMap((level) => {
      const pass = passOf(level);
      if (pass === null) return [];
      const { target, upstream } = readTarget(pass, upstreams);
      const { client, pool, doubts: own } = readClientSide(level, target, upstream, levels);
      const isHttp = target.protocol === 'http' || target.protocol === 'https';
      const route: NginxRoute = {
        ...common(level),
        location: locationText(level),
        passTo: target,
        place: { file: pass.file, line: pass.line },
        client,
        pool,
        headers: readHeaders(level),
        doubts: isHttp ? own : [...own, `${pass.name} at ${placeText(pass)} does not speak HTTP/1.1 to the next hop`],
      };
      return [route];
    });
    if (passing.length > 0) return passing;
    const { file, line } = openingOf(server);
    return [
      {
        ...common(server),
        location: null,
        passTo: null,
        place: { file, line },
        client: null,
        pool: null,
        headers: readHeaders(server),
        doubts: [],
      },
    ];
  });
  return { routes, doubts };
}

function readHeaders(level: Level): NginxRoute['headers'] {
  const all = inheritedAll(level, 'proxy_set_header').map(({ value }) => [...value]);
  return {
    setHost: all.some(([name = '']) => name.toLowerCase() === 'host'),
    connection: all.findLast(([name = '']) => name.toLowerCase() === 'connection')?.[1] ?? null,
    fromAround: setAt(level, 'proxy_set_header') === null ? all : [],
  };
}

const PROTOCOLS = {
  proxy_pass: 'http',
  fastcgi_pass: 'fastcgi',
  uwsgi_pass: 'uwsgi',
  scgi_pass: 'scgi',
  grpc_pass: 'grpc',
  memcached_pass: 'memcached',
} as const;

/** The directive that hands requests on; of several the last one holds, because each sets the same handler. */
function passOf(level: Level): Directive | null {
  return openingOf(level).block?.findLast(({ name }) => Object.hasOwn(PROTOCOLS, name)) ?? null;
}

/** Every level but the main one has a directive that opens it. */
function openingOf({ directive }: Level): Directive {
  if (directive === null) throw new Error('the main level is no block');
  return directive;
}

/** Takes a `*_pass` apart as ngx_http_proxy_pass and ngx_parse_url do. Throws a ParseError where they refuse it. */
function readTarget(
  pass: Directive,
  upstreams: ReadonlyMap<string, Level>,
): { target: NginxTarget; upstream: Level | null } {
  const [url = ''] = pass.args;
  const passed = PROTOCOLS[pass.name as keyof typeof PROTOCOLS]; // passOf returns no others
  const isVariable = url.includes('$');
  const [, scheme, rest = url] = /^([a-z$][\w{}]*):\/\/(.*)$/is.exec(url) ?? [];
  const protocol: NginxTarget['protocol'] = passed === 'http' && scheme?.toLowerCase() === 'https' ? 'https' : passed;
  const to = (kind: NginxTarget['kind'], name: string, servers: string[], upstream: Level | null) => ({
    target: { kind, protocol, name, servers, block: upstream === null ? null : placeOf(openingOf(upstream)) },
    upstream,
  });
  if (passed === 'http' && !isVariable && !['http', 'https'].includes(scheme?.toLowerCase() ?? '')) {
    throw parseError(pass, 'invalid URL prefix');
  }
  if (/^unix:/i.test(rest)) {
    const [path = ''] = /^unix:[^:]*/i.exec(rest) ?? [];
    return path.includes('$') ? to('variable', path, [], null) : to('address', path, [path], null);
  }
  // These variables begin with the slash that ends the address.
  const [authority = ''] = /^.*?(?=[/?#]|\$\{?(?:request_uri|uri|document_uri)\b|$)/s.exec(rest) ?? [];
  if (authority.includes('$')) return to('variable', authority, [], null);
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (host === '' || Number(port ?? 80) > 65_535 || Number(port ?? 80) === 0) {
    throw parseError(pass, `invalid host or port in "${authority}"`);
  }
  const upstream = upstreams.get(host.toLowerCase()) ?? null;
  if (upstream === null || (port !== undefined && isVariable)) return to('address', authority, [authority], null);
  if (port !== undefined) throw parseError(pass, `upstream "${host}" may not have port ${port}`);
  const servers = allSetAt(upstream, 'server')
    .filter(({ value }) => !value.includes('down'))
    .map(({ value: [address = ''] }) => address);
  return to('upstream', host, servers, upstream);
}

function placeOf({ file, line }: Directive): Place {
  return { file, line };
}

function serverName(server: Level): string {
  const names = allSetAt(server, 'server_name').flatMap(({ value }) => value);
  return names.find((name) => name !== '') ?? setAt(server, 'listen')?.value.address ?? '*:80';
}

/** `/api/`, or with what is inside it: `/api/ if ($request_method = POST)`. */
function locationText(level: Level): string {
  const { name, args } = openingOf(level);
  if (level.context === 'location' || level.parent === null) return args.join(' ');
  return `${locationText(level.parent)} ${name} ${args.join(' ')}`;
}

/** Finds the `listen` that sets TCP keepalive for each socket. Throws a ParseError for what nginx calls duplicate. */
function readListenOptions(servers: readonly Level[]): ListenOptions {
  const options = new Map<string, SetDirective<Listen>>();
  for (const server of servers) {
    const own = new Set<string>();
    for (const listen of allSetAt(server, 'listen')) {
      const { directive, value } = listen;
      const { socket, keepalive } = value;
      if (own.has(socket)) throw parseError(directive, `a duplicate listen ${socket}`);
      own.add(socket);
      if (keepalive === null) continue;
      if (options.has(socket)) throw parseError(directive, `duplicate listen options for ${socket}`);
      options.set(socket, listen);
    }
  }
  return options;
}
