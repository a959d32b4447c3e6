/** What a configuration of nginx comes to: the ways of requests through it, and how connections are kept on each. */
import type { ChainClientSide, ChainServerSide, ChainValue, MaybeChainValue } from '../../../knowledge/hop.ts';
import type { Place } from '../config/files.ts';

/** Where a route goes. */
export interface NginxTarget {
  /** `upstream`: a block of that name. `address`: a host or a Unix socket. `variable`: known only when a request comes. */
  kind: 'upstream' | 'address' | 'variable';
  protocol: 'http' | 'https' | 'fastcgi' | 'uwsgi' | 'scgi' | 'grpc' | 'memcached';
  /** As written, without scheme and path: `app`, `127.0.0.1:8000`, `unix:/run/app.sock`, `$backend`. */
  name: string;
  /** The addresses: of an upstream its servers, less those marked `down`. */
  servers: string[];
  /** The upstream block; null for the other kinds. */
  block: Place | null;
}

/** What decides about reuse towards the target; each is a line that may need a change. */
export interface NginxPool {
  /** `keepalive` of the upstream: idle connections that each worker process keeps; 0: none. */
  size: MaybeChainValue<number>;
  /** `proxy_http_version`. */
  httpVersion: MaybeChainValue<string>;
  /** The Connection header as a plain request carries it; empty: it is not sent. */
  connection: MaybeChainValue<string>;
}

/** One way of requests through this nginx: a location that passes them on, or a server that passes none on. */
export interface NginxRoute {
  /** The first server_name; without one the first listen. */
  serverName: string;
  /** All addresses of the server, as written; `*:80` when there is no `listen`. */
  listens: string[];
  /** As written, such as `/api/` or `~ \.php$`, with the `if` or `limit_except` inside it; null: a server that passes nothing on. */
  location: string | null;
  /** Null: a server that passes nothing on. */
  passTo: NginxTarget | null;
  /** The `*_pass`, or the server. */
  place: Place;
  /** The second argument of `keepalive_timeout`, which clients get as `Keep-Alive: timeout=`; null: none is sent. */
  hintMs: ChainValue<number> | null;
  server: ChainServerSide;
  client: ChainClientSide | null;
  pool: NginxPool | null;
  /**
   * The `proxy_set_header` that hold here: whether one is for Host, what is written for Connection (null: nothing), and those, as arguments,
   * that come from a level around this one. A line of its own would end the latter.
   */
  headers: { setHost: boolean; connection: string | null; fromAround: string[][] };
  /** About this route alone, in sentences without a full stop. */
  doubts: string[];
}
