import { formatDuration } from '../../../base/units.ts';
import { stackOfServer } from '../../../knowledge/find-stack.ts';
import type { Rule } from '../../../report/finding.ts';
import type { HttpFacts } from '../facts.ts';
import { measuredSeconds, senderLines, serverIn } from '../http-limits.ts';

/** What timers and the way back may take from the promise. */
const TOLERANCE_MS = 300;
/** What clients that honour the hint leave as a margin: Node's agent 1 s, undici 2 s. */
const CLIENT_MARGIN_MS = 1000;

export const rule: Rule<HttpFacts> = {
  id: 'hint-longer-than-truth',
  title: 'The server closes idle connections sooner than its Keep-Alive header promises',
  explain: `**What it means.** The response says \`Keep-Alive: timeout=N\`, and the server closes idle connections before N seconds have passed.
A client that honours the header still sends requests on connections that are already closed, and those requests fail.

**Why it happens.** Two settings disagree. In nginx the second value of \`keepalive_timeout\` is only the text of the header.
A proxy may also pass the header of the application on, although its own timeout is shorter.

**How kaprobe knows.** It read the header of the first response and timed the first close of its idle connections.
Up to 300 ms of difference is ignored. It is an error if even a margin of 1 s, which Node's agent leaves, does not help.

**What to do.** Let the header promise less than the server keeps, or leave it out. Let clients give connections up first.

**Sources.** RFC 2068, appendix 19.7.1 (the header Keep-Alive). MDN, "Keep-Alive". nginx, ngx_http_core_module: keepalive_timeout.
Node.js, \`lib/_http_agent.js\` (margin 1 s). undici, \`docs/api/Client.md\`: keepAliveTimeoutThreshold (margin 2 s).`,
  judge: ({ hint, idleClose, server }) => {
    const hintMs = hint?.timeoutMs ?? null;
    const closeMs = idleClose?.lowerMs ?? null;
    if (hintMs === null || closeMs === null) return [];
    const outcome = idleClose?.outcome;
    if ((outcome !== 'closed' && outcome !== 'reset') || hintMs <= closeMs + TOLERANCE_MS) return [];
    const pastMargin = hintMs - CLIENT_MARGIN_MS > closeMs;
    return [
      {
        severity: pastMargin ? 'error' : 'warning',
        message:
          `the server promises to keep idle connections for ${formatDuration(hintMs)}, but ends them after ${formatDuration(closeMs)}: ` +
          (pastMargin
            ? 'clients that honour the promise lose requests'
            : 'only the margin of clients that honour the promise saves them'),
        evidence: { hintMs, firstClosedAfterMs: closeMs, outcome, ...serverIn({ server }) },
        remedy: [...promiseLines(server, closeMs), ...senderLines(closeMs)],
      },
    ];
  },
};

function promiseLines(server: string | null, closeMs: number): string[] {
  const closeSeconds = measuredSeconds(closeMs);
  const promised = measuredSeconds(closeMs - CLIENT_MARGIN_MS);
  if (promised < 1) return ['# so short a time is better not promised: leave the header Keep-Alive out'];
  return (
    stackOfServer(server)?.http?.write?.promise?.(closeSeconds * 1000, promised * 1000) ?? [
      '# promise less than is kept, in the header',
      `Keep-Alive: timeout=${promised}`,
    ]
  );
}
