import { formatDuration } from '../../../base/units.ts';
import { strictestMiddlebox } from '../../../keepalive/keepalive.ts';
import { forgets } from '../../../keepalive/wording.ts';
import type { Facts } from '../../../policy/facts.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import { silenceMs } from '../../../sockets/keepalive-from-timer.ts';
import type { LiveSocket } from '../../../sockets/live-socket.ts';
import { connections, evidenceOf, namespaceOption } from '../../../sockets/live-socket-group.ts';
import { isUnanswered } from '../../../sockets/socket-risk.ts';

export const rule: Rule<Facts> = {
  id: 'half-open-suspected',
  title:
    'Connections that look established and probably are so on this side only: unanswered, or silent for longer than the path remembers',
  explain: '',
  judge: ({ liveSockets, middleboxes, netnsPid }) => {
    const strictest = strictestMiddlebox(middleboxes);
    const forgotten = (socket: LiveSocket): boolean =>
      strictest !== null && (silenceMs(socket) ?? 0) >= strictest.idleTimeoutMs;
    const judged = (liveSockets ?? []).filter(({ risk, verified }) => risk !== null && verified?.kind !== 'answered');
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
        ['# proof, without payload:', ['kaprobe sockets --verify', ...namespaceOption(netnsPid)].join(' '), wake],
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
