import type { KeepaliveFacts } from '../../keepalive/facts.ts';
import type { LiveSocket } from '../../sockets/live-socket.ts';

/** What is known about the live sockets of one program. */
export interface SocketsFacts extends KeepaliveFacts {
  liveSockets: readonly LiveSocket[];
  /** The process in whose network namespace they are; null: they are in kaprobe's own. */
  netnsPid: number | null;
}
