import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

export const rule: Rule<EndpointFacts> = {
  id: 'dropper-named',
  title: 'A hop on the path drops the stalled flow but lets new connections through',
  explain: `**What it means.** The box that forgot the connection is one of the two hops named, or between them. Its administrator can confirm it.

**Why it happens.** A stateful box drops packets of connections that it no longer knows. Routers before it still forward them.

**How kaprobe knows.** It sends segments of the stalled connection whose TTL ends at one hop after another, beside SYNs of new
connections. The first hop that answers the SYN and not the segment is the box, or the box is the hop before it. Linux counts the TTL
before it drops, so it is the one before. Hops that answer rarely and routers that share the load blur the result: the finding says so.

**What to do.** Look up the connection in the session table of that box. Compare its idle timeout with your keepalive.

**Sources.** RFC 1812, section 5.3.1 (TTL) and RFC 792 (time exceeded). \`kaprobe lab\` shows the method on a network of its own.`,
  judge: ({ dropper }) => {
    if (dropper === null || dropper.lastAnsweringHop === null) return [];
    const { hop, address, lastAnsweringHop, lastAnsweringAddress, doubt } = dropper;
    const last =
      lastAnsweringHop === 0
        ? 'this host itself'
        : `hop ${lastAnsweringHop} (${lastAnsweringAddress ?? 'address unknown'})`;
    const next = hop === null ? 'some hop behind it' : `hop ${hop} (${address ?? 'which answers nothing'})`;
    const neighbours = hop === null || hop - lastAnsweringHop <= 1;
    const where = neighbours ? `at ${last} or at ${next}` : `somewhere from ${last} to ${next}`;
    return [
      {
        severity: 'info',
        message: `the stalled flow is dropped ${where}: ${doubt}`,
        evidence: { lastAnsweringHop, lastAnsweringAddress, nextHop: hop, nextAddress: address },
        remedy: [],
      },
    ];
  },
};
