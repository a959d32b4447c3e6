import { formatDuration, plural } from '../../../base/units.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'keepalive-probes-unanswered',
  title: 'Keepalive probes on a new connection get no answer',
  explain: `**What it means.** The handshake worked, and moments later the peer does not answer empty segments. With keepalive on, the kernel would
end this healthy connection as dead.

**Why it happens.** A filter drops segments without payload, or a box forgot the connection at once. Asymmetric paths do this, where a
firewall sees one direction only. Or the host went away in that second.

**How kaprobe knows.** It had the kernel send probes, one a second, and counted the segments that came back. Then it tried a new
connection. If that works, the host is alive. On a very lossy path all probes may get lost: raise \`--probes\`.

**What to do.** Capture on both sides, and find where the probes or their answers vanish. Until then send application heartbeats.

**Sources.** RFC 9293, section 3.8.4 and section 3.10.7.4 (a segment out of sequence is answered with an ACK). Linux
net/ipv4/tcp_output.c (tcp_xmit_probe_skb).`,
  rank: 1,
  judge: ({ answer }) => {
    if (answer?.kind !== 'unanswered') return [];
    const { probeCount, afterMs, freshConnect } = answer;
    const silence = `${plural(probeCount, 'keepalive probe')} in ${formatDuration(afterMs)} got no answer`;
    const judgement: Judgement = {
      severity: 'error',
      message: `${silence}, and what a new connection comes to was not measured`,
      evidence: { probeCount, afterMs, freshConnect },
      remedy: [],
    };
    if (freshConnect === 'connected') {
      const message =
        `${silence}, yet a new connection to the same address works: something on the path or the peer drops empty segments, ` +
        'or the connection was forgotten at once. With TCP keepalive on, this connection would be ended as dead';
      return [
        {
          ...judgement,
          message,
          remedy: [
            '# keep the path open with application heartbeats, and look at what sits between:',
            'tcpdump -ni any "tcp and tcp[tcpflags] == tcp-ack"',
          ],
        },
      ];
    }
    if (freshConnect !== null && freshConnect !== 'unmeasured') {
      return [
        {
          ...judgement,
          message: `${silence}, and a new connection fails too (${freshConnect}): the host or the path went away meanwhile`,
        },
      ];
    }
    return [judgement];
  },
};
