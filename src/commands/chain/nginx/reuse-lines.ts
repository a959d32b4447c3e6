/** The lines that switch reuse of upstream connections on, each where it belongs in one configuration. */
import { type ChainValue, isKnown, type MaybeChainValue } from '../../../knowledge/hop.ts';
import { NGINX_DEFAULTS, nginxClearConnection, nginxHttp11, nginxPool } from '../../../knowledge/stacks/nginx.ts';
import { type Place, placeText } from '../config/files.ts';
import type { NginxPool, NginxRoute, NginxTarget } from './route.ts';

/** What a route lacks for reuse, so that each line may be pasted where it belongs and all else stays as it was. None: it is no HTTP. */
export function reuseLines({ passTo, pool, place, client, headers }: NginxRoute): string[] {
  if (passTo === null || pool === null || (passTo.protocol !== 'http' && passTo.protocol !== 'https')) return [];
  const needsPool = needs(pool.size, (size) => size > 0);
  const needsBlock = passTo.block === null && needsPool;
  const lines = needsPool ? poolLines(passTo, pool, place) : [];
  const beside: string[] = [];
  /** In place of a line that says otherwise: nginx refuses most of them twice. */
  const put = (value: MaybeChainValue<unknown>, line: string): void => {
    const written = placeIn(value);
    if (written === null) beside.push(line);
    else lines.push(`# ${placeText(written)}, in place of what stands there`, line);
  };
  const reuse = client?.noReuseBecause === 'single-use' && isKnown(client.reuse) ? client.reuse : null;
  const { upstreamKeepaliveTimeoutMs, keepaliveRequests } = NGINX_DEFAULTS;
  if (reuse?.setting === 'keepalive_timeout') put(reuse, `keepalive_timeout ${upstreamKeepaliveTimeoutMs / 1000}s;`);
  if (reuse?.setting === 'keepalive_requests') put(reuse, `keepalive_requests ${keepaliveRequests};`);
  if (needs(pool.httpVersion, (version) => version === '1.1')) put(pool.httpVersion, nginxHttp11);
  const closes = !isKnown(pool.connection) || /\bclose\b/i.test(pool.connection.value);
  // A header that a map makes lets WebSockets through, and must go on to.
  const fromMap = headers.connection?.includes('$') === true;
  if (closes && fromMap)
    lines.push(
      `# in the map that makes ${headers.connection}, in place of close: requests that ask for no upgrade`,
      "'' '';",
    );
  // What nginx sends as Host otherwise is what proxy_pass names (ngx_http_proxy_set_vars).
  const hostName = isUnix(passTo) ? 'localhost' : passTo.name;
  const host = needsBlock && !headers.setHost ? [`proxy_set_header Host ${hostName};`] : [];
  const clears = closes && !fromMap;
  if (headers.fromAround.length > 0 && (host.length > 0 || clears)) {
    const repeated = headers.fromAround.filter(([name = '']) => !clears || name.toLowerCase() !== 'connection');
    if (repeated.length > 0) beside.push('# those from around hold here only when repeated');
    beside.push(...repeated.map((args) => `proxy_set_header ${args.map(nginxWord).join(' ')};`), ...host);
    if (clears) beside.push(nginxClearConnection);
  } else {
    beside.push(...host);
    if (clears) put(pool.connection, nginxClearConnection);
  }
  return [...lines, ...(beside.length === 0 ? [] : [`# ${placeText(place)}, beside it`, ...beside])];
}

/** A pool in the upstream block; where there is none, the block too. */
function poolLines(passTo: NginxTarget, { size }: NginxPool, place: Place): string[] {
  const { block, name, protocol, servers } = passTo;
  if (block === null) {
    return [
      'upstream NAME {',
      ...servers.map((server) => `    server ${withPort(server, passTo)};`),
      `    ${nginxPool}`,
      '}',
      `# ${placeText(place)}, in place of ${name}${isUnix(passTo) ? ' and a colon behind it' : ''}; what follows the address stays`,
      `proxy_pass ${protocol}://NAME;`,
    ];
  }
  const written = placeIn(size);
  return [
    written === null
      ? `# ${placeText(block)}, in upstream ${name}`
      : `# ${placeText(written)}, in place of that line, at the end of upstream ${name}: behind any balancing method`,
    nginxPool,
  ];
}

function needs<T>(value: MaybeChainValue<T>, wanted: (given: T) => boolean): boolean {
  return !isKnown<ChainValue<T>>(value) || !wanted(value.value);
}

/** Where a value is written; null: it is a default, or not known. */
function placeIn(value: MaybeChainValue<unknown>): Place | null {
  return isKnown(value) && value.source.kind === 'file' ? value.source : null;
}

function isUnix({ name }: NginxTarget): boolean {
  return /^unix:/i.test(name);
}

/** In an upstream block the port is 80 unless it is there, whatever the scheme of `proxy_pass`. */
function withPort(server: string, { protocol }: NginxTarget): string {
  return protocol === 'http' || /:\d+$|^unix:/i.test(server) ? server : `${server}:443`;
}

/** A word as ngx_conf_read_token takes it. */
function nginxWord(text: string): string {
  return /^[^\s;{}"'\\#]+$/.test(text) || /^\$\{?\w+\}?$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
