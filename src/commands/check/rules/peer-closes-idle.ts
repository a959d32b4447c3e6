import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'peer-closes-idle',
  title:
    "Measured: the peer itself ended the idle connection. A server's timeout is not a firewall's, and keepalive does not move it",
  explain: '',
  judge: ({ survival }) => {
    if (survival?.cause !== 'peer') return [];
    const ended = survival.arms.filter(({ outcome }) => outcome === 'closed' || outcome === 'reset');
    const atMs = ended.map((arm) => arm.atMs).filter((at) => at !== null);
    const first = Math.min(...atMs);
    const how = ended.every(({ outcome }) => outcome === 'closed') ? 'closed (FIN)' : 'reset (RST)';
    return [
      {
        severity: 'error',
        message:
          `the peer itself ${how} the connection ${formatDuration(first)} after it was made, before the ${formatDuration(survival.askedForMs)} asked for: ` +
          'that is its own idle timeout, or its end. TCP keepalive does not change it, and about the path it says no more than that it held so long',
        evidence: { endedArms: ended.map(({ arm }) => arm), firstEndedAfterMs: first, askedForMs: survival.askedForMs },
        remedy: [
          '# raise the idle timeout of the server, send requests more often, or let no pooled connection idle that long:',
          `# pool idle below ${formatDuration(first)}`,
        ],
      },
    ];
  },
};
