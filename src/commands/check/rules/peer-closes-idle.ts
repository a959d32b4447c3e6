import { formatDuration } from '../../../base/units.ts';
import type { Rule } from '../../../report/finding.ts';
import type { CheckFacts } from '../facts.ts';

export const rule: Rule<CheckFacts> = {
  id: 'peer-closes-idle',
  title: 'Measured: the peer itself ended the idle connection',
  explain: `**What it means.** The server, or a proxy that stands for it, has an idle timeout of its own. TCP keepalive does not move it. About the
path the test only shows that it held until then.

**Why it happens.** Servers close connections on which no request comes, to free memory and workers. That timer counts data.

**How kaprobe knows.** A FIN or RST came by itself on the silent connection, and no connection with keepalive was spared. A middlebox
that counts only payload and speaks in the peer's name looks the same. So does a server that restarts during the test.

**What to do.** Raise the server's idle timeout, or let the client's pool close first. \`kaprobe http\` measures it for HTTP.

**Sources.** RFC 9112, section 9.5 (idle timeouts of HTTP servers). RFC 9293, section 3.6 (FIN).`,
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
