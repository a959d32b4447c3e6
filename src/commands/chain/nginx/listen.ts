/** What a `listen` says: the address, its socket, and TCP keepalive (ngx_http_core_listen). */
import { parseNumber, parseTime } from './values.ts';

/** TCP keepalive as `so_keepalive=` has it. A 0 leaves the value to the host. */
type ListenKeepalive = 'on' | 'off' | { idleMs: number; intervalMs: number; count: number };

/** A `listen`, read. */
export interface Listen {
  /** As written: `80`, `*:80`, `unix:/run/nginx.sock`. */
  address: string;
  /** The socket in one spelling: `*:80` for `80`, `*` and `0.0.0.0:80`. */
  socket: string;
  /** The socket that serves it where another `listen` opens one for all addresses of the port. With options of its own it keeps `socket`. */
  sharedSocket: string;
  /** What `so_keepalive=` says; null: it is not there. */
  keepalive: ListenKeepalive | null;
}

/** With one of these a `listen` has a socket of its own. */
const OWN_SOCKET =
  /^(bind$|deferred$|reuseport$|(backlog|rcvbuf|sndbuf|setfib|fastopen|accept_filter|ipv6only|so_keepalive)=)/;

/** Reads the arguments of a `listen`, or says what nginx finds wrong with them. */
export function readListen([address = '', ...parameters]: readonly string[]): { value: Listen } | { mistake: string } {
  let keepalive: ListenKeepalive | null = null;
  for (const parameter of parameters) {
    const [, text] = /^so_keepalive=(.*)$/s.exec(parameter) ?? [];
    if (text === undefined) continue;
    // The last one wins, as each writes over the one before.
    keepalive = parseKeepalive(text);
    if (keepalive === null) return { mistake: `invalid so_keepalive value: "${text}"` };
  }
  const socket = socketOf(address);
  const port = socket.slice(socket.lastIndexOf(':'));
  const hasOwn = parameters.some((word) => OWN_SOCKET.test(word));
  const sharedSocket = hasOwn ? socket : `${socket.startsWith('[') ? '[::]' : '*'}${port}`;
  return { value: { address, socket, sharedSocket, keepalive } };
}

/** Reads `on`, `off` or `idle:interval:count`; null: nginx refuses it. */
function parseKeepalive(text: string): ListenKeepalive | null {
  if (text === 'on' || text === 'off') return text;
  const [idle = '', interval = '', ...rest] = text.split(':');
  const count = rest.join(':');
  const idleMs = idle === '' ? 0 : parseTime(idle, 'seconds');
  const intervalMs = interval === '' ? 0 : parseTime(interval, 'seconds');
  const counted = count === '' ? 0 : parseNumber(count);
  if (idleMs === null || intervalMs === null || counted === null) return null;
  return idleMs + intervalMs + counted === 0 ? null : { idleMs, intervalMs, count: counted };
}

function socketOf(address: string): string {
  if (address.startsWith('unix:')) return address;
  if (/^\d+$/.test(address)) return `*:${address}`;
  const [, host = address, port = '80'] = /^(\[.*\]|[^:]*)(?::(\d+(?:-\d+)?))?$/.exec(address) ?? [];
  return `${host === '0.0.0.0' ? '*' : host.toLowerCase()}:${port}`;
}
