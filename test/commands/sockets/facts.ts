import type { SocketsFacts } from '../../../src/commands/sockets/facts.ts';
import type { Middlebox } from '../../../src/report/values.ts';
import { facts as keepaliveFacts } from '../../keepalive/facts.ts';

export { middlebox, socketLines } from '../../keepalive/facts.ts';

type Known = Partial<Pick<SocketsFacts, 'liveSockets' | 'netnsPid' | 'librarySwitches'>> & {
  middleboxes?: readonly Middlebox[];
};

/** Sockets of one program of which nothing is known but what is given. */
export function facts({ liveSockets = [], netnsPid = null, ...known }: Known): SocketsFacts {
  const liveConnections = liveSockets.some(({ risk }) => risk !== null);
  return { ...keepaliveFacts({ ...known, liveConnections }), liveSockets, netnsPid };
}
