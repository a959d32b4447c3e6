import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { describeLimit, either, headed, remedyAt, retryRemedy, saidBy } from '../wording.ts';
import { linesFor } from '../write.ts';

const STEP_MS = 5000;
/** Longer than that idle connections are better given up than kept. */
const LONG_MS = 600_000;

export const rule: Rule<ChainFacts> = {
  id: 'upstream-closes-first',
  title: 'A receiver closes idle connections before its sender gives them up',
  explain: `**What it means.** The receiver ends an idle connection while the sender still keeps it for its next request. Sooner or later a request
leaves at that very moment. It fails, and users see a sporadic 502 or "connection reset".

**Why it happens.** Each end has its own idle timeout, set in its own place, and the defaults do not fit together. An AWS Application Load
Balancer keeps connections for 60 s, Node.js for 5 s and gunicorn for 2 s. Since nginx 1.29.7 upstream blocks reuse connections by
default, so an upgrade alone can bring this race.

**How kaprobe knows.** It compares two values: how long the sender pools, and when the receiver closes. They come from a configuration, from
known defaults or from \`--measure\`; the finding names each source. The difference must be at least \`--margin\`. A smaller one is a
warning. So is a client without any limit: most such clients look at the socket first, and only miss a close that is still on its way.
Also a warning: a sender that repeats every request. A sender that follows the receiver's \`Keep-Alive: timeout=\` counts as aligned.

**What to do.** Let the receiver keep connections longer than every sender, by 1 to 5 s: timeouts grow from client to origin. Or let the
sender give them up sooner. If neither can be set, let the sender repeat what may be sent twice, or switch reuse off.

**Sources.** RFC 9112, sections 9.3.1 and 9.5; RFC 9110, section 9.2.2 (what may be sent twice). AWS, "Troubleshoot your Application Load
Balancers": HTTP 502. Node.js issue 59193, nginx ticket 1484 (the race in practice).`,
  rank: -2,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { pair, marginMs, syntax } = facts;
    const { sender, receiver, alignment } = pair;
    if (alignment.kind !== 'closes-first') return [];
    const { poolIdle, idleClose, how } = alignment;
    const { retries } = sender.client;
    const kept =
      poolIdle.value === 'never'
        ? `${sender.name} never gives up an idle connection (${saidBy(poolIdle)})`
        : `${sender.name} keeps idle connections ${formatDuration(poolIdle.value)} (${saidBy(poolIdle)})`;
    const closed = `${receiver.name} closes them after ${formatDuration(idleClose.value)} (${saidBy(idleClose)})`;
    const canGiveUp =
      poolIdle.source.kind !== 'default' ||
      poolIdle.setting !== null ||
      linesFor(syntax, 'sender', { set: 'pool-idle', ms: 1000 }).length > 0;
    const must = !canGiveUp
      ? `${sender.name} has no setting for giving up first`
      : `${sender.name} must give up first, by ${formatDuration(marginMs)}`;
    const consequence =
      how === 'late'
        ? `a request can be sent just as ${receiver.name} closes, ${RETRIES[retries]}; ${must}`
        : `that is less than the margin of ${formatDuration(marginMs)}`;
    const longerMs = poolIdle.value === 'never' ? null : Math.ceil((poolIdle.value + marginMs) / STEP_MS) * STEP_MS;
    const shorterMs = idleClose.value - marginMs;
    const configured = receiver.replaced?.idleCloseMs ?? idleClose;
    const written = isKnown(configured) ? configured : null;
    const isWritten =
      written !== null &&
      poolIdle.value !== 'never' &&
      (written.value === 'never' || written.value >= poolIdle.value + marginMs);
    const raised = isWritten
      ? [`# ${saidBy(written)} says ${describeLimit(written.value)} already: reload or restart ${receiver.name}`]
      : longerMs === null
        ? []
        : remedyAt(facts, 'receiver', written, {
            reason: `let it outlast ${sender.name}`,
            wanted: { set: 'idle-close', ms: longerMs },
          });
    const lowered =
      shorterMs < 1000
        ? []
        : remedyAt(facts, 'sender', poolIdle, {
            reason: `let it give up before ${receiver.name}`,
            wanted: { set: 'pool-idle', ms: shorterMs },
          });
    const aligned = longerMs !== null && longerMs > LONG_MS ? either(lowered, raised) : either(raised, lowered);
    const single = headed(
      `# ${sender.name}: or a connection for each request`,
      linesFor(syntax, 'sender', { set: 'no-reuse' }),
    );
    return [
      {
        severity:
          how === 'narrow' || retries === 'all' || (poolIdle.value === 'never' && sender.role === 'client')
            ? 'warning'
            : 'error',
        message: `${kept}, ${how === 'late' ? 'but' : 'and'} ${closed}: ${consequence}`,
        evidence: {
          poolIdle: describeLimit(poolIdle.value),
          poolIdleSetBy: saidBy(poolIdle),
          idleCloseMs: idleClose.value,
          idleCloseSetBy: saidBy(idleClose),
          marginMs,
        },
        remedy: aligned.length > 0 ? aligned : [...retryRemedy(facts), ...single],
      },
    ];
  },
};

const RETRIES = {
  none: 'and fails',
  idempotent: 'and fails (a GET is sent again, a POST is not)',
  unwritten: 'and fails unless none of it was written',
  all: 'and is sent again, be it a POST whose work is then done twice',
  unknown: 'and fails',
} as const;
