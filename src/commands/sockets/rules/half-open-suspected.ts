import { formatDuration } from '../../../base/units.ts';
import { forgets } from '../../../keepalive/wording.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import { silenceMs } from '../../../sockets/keepalive-from-timer.ts';
import type { LiveSocket } from '../../../sockets/live-socket.ts';
import { namespaceArgument } from '../../../sockets/socket-filter.ts';
import { isUnanswered } from '../../../sockets/socket-risk.ts';
import type { SocketsFacts } from '../facts.ts';
import { connections, evidenceOf } from '../socket-group.ts';

export const rule: Rule<SocketsFacts> = {
  id: 'half-open-suspected',
  title: 'Connections that look established are probably gone at the other end',
  explain: `**What it means.** Here the connection is established. The peer, or a middlebox on the way, does not know it any more. A write is lost or
draws a reset, and a read gets nothing.

**Why it happens.** A middlebox forgot an idle connection and drops its packets silently. Or the peer lost power, or its network, and
could not say goodbye. TCP only notices when something is sent and stays unanswered.

**How kaprobe knows.** Best are the probes of \`--verify\`: they went unanswered, or drew an end. Next are the kernel's counters of
unanswered probes and retransmissions. Last is a silence as long as the middlebox's timeout, which is a suspicion and no proof: the
peer's own keepalive may have kept the path open. A connection that answered \`--verify\` is never reported.

**What to do.** Prove it with \`kaprobe sockets --verify\`. Wake a stuck reader with \`kaprobe rescue --shutdown\`. To prevent it, set
keepalive shorter than the middlebox's timeout.

**Sources.** RFC 9293, section 3.5.1 (half-open connections). tcp(7), tcp_retries2. Linux net/ipv4/tcp_timer.c.`,
  rank: -1,
  judge: ({ liveSockets, strictest, netnsPid }) => {
    const forgotten = (socket: LiveSocket): boolean =>
      strictest !== null && (silenceMs(socket) ?? 0) >= strictest.idleTimeoutMs;
    const judged = liveSockets.filter(({ risk, verified }) => risk !== null && verified?.kind !== 'answered');
    const proven = judged.filter(isProven);
    const others = judged.filter((socket) => !isProven(socket));
    const unanswered = others.filter(isUnanswered);
    const silent = others.filter((socket) => !isUnanswered(socket) && forgotten(socket));
    const findings: Judgement[] = [];
    const add = (
      severity: Judgement['severity'],
      sockets: readonly LiveSocket[],
      what: string,
      remedy: string[],
    ): void => {
      if (sockets.length === 0) return;
      findings.push({ severity, message: `${connections(sockets)} ${what}`, evidence: evidenceOf(sockets), remedy });
    };
    const wake = '# kaprobe rescue --shutdown wakes those that wait in a read on one of them';
    add('error', proven, 'did not answer the probes of --verify: half-open or ended', [wake]);
    const stuck = unanswered.filter(({ risk }) => risk === 'stuck');
    add(
      'error',
      stuck.filter((socket) => !hasKeepalive(socket)),
      'with probes unanswered and no keepalive of their own, which would ask again: half-open',
      [wake],
    );
    add(
      'error',
      stuck.filter(hasKeepalive),
      'unanswered for longer than their own keepalive takes to give up: half-open, data in flight keeps them from noticing',
      [wake],
    );
    add(
      'warning',
      unanswered.filter(({ risk }) => risk !== 'stuck'),
      'with probes or data unanswered right now: dying, unless an answer comes',
      [],
    );
    if (strictest !== null) {
      add(
        'error',
        silent,
        `silent for ${formatDuration(strictest.idleTimeoutMs)} or longer, and ${forgets(strictest)}: probably half-open, which the far end's own keepalive may have prevented`,
        ['# proof, without payload:', ['kaprobe sockets --verify', ...namespaceArgument(netnsPid)].join(' '), wake],
      );
    }
    return findings;
  },
};

function hasKeepalive({ keepalive }: LiveSocket): boolean {
  return keepalive.source === 'unmeasured' || keepalive.enabled;
}

function isProven({ verified }: LiveSocket): boolean {
  return verified?.kind === 'unanswered' || verified?.kind === 'ended';
}
