import type { SysctlFacts } from '../../../src/commands/sysctl/facts.ts';
import type { Settings } from '../../../src/keepalive/facts.ts';
import { facts as keepaliveFacts } from '../../keepalive/facts.ts';

type Known = Partial<Pick<SysctlFacts, 'localConntrackEstablishedMs' | 'tcpTwRecycle'>> & {
  settings?: Settings | null;
};

/** A network namespace of which nothing is known but what is given. */
export function facts({ settings = null, ...known }: Known): SysctlFacts {
  return { ...keepaliveFacts({ settings }), localConntrackEstablishedMs: null, tcpTwRecycle: null, ...known };
}
