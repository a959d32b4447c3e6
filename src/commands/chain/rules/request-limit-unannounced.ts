import { formatDuration } from '../../../base/units.ts';
import { finiteLimit, isKnown } from '../../../knowledge/hop.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { remedyAt, retryRemedy, saidBy } from '../wording.ts';

export const rule: Rule<ChainFacts> = {
  id: 'request-limit-unannounced',
  title: 'A receiver ends connections after some requests or at some age, unannounced',
  explain: `**What it means.** The receiver closes a connection that is still in use, and its last response does not say \`Connection: close\`. The
sender cannot know. A request that is already on its way fails.

**Why it happens.** Servers limit the requests or the age of a connection, to spread load or to free memory. nginx and Apache announce the
end in the last response. gunicorn with \`max_requests\` replaces the whole worker, and closes all connections that idle at it.

**How kaprobe knows.** The limit comes from the configuration or from a default. Whether it is announced is a fact about the product, or what
you gave with \`announces-close\`; if that is not known, kaprobe reports nothing. A sender that closes earlier by its own limit is safe. A
limit of a worker is never safe: the requests of all clients count.

**What to do.** Let the sender close one request earlier, with the line of the remedy. For a limit of a worker, let the sender repeat what
may be sent twice. Set a jitter, so that workers do not end together. Or restart workers by a way that drains connections.

**Sources.** RFC 9112, section 9.6. ngx_http_core_module (keepalive_requests, keepalive_time). gunicorn's settings (max_requests,
max_requests_jitter) and gunicorn issue 3323.`,
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { sender, receiver, alignment } = facts.pair;
    const { client } = sender;
    const { server } = receiver;
    if (server.announcesClose !== false || alignment.kind === 'not-reused') return [];
    const judgements: Judgement[] = [];
    const asks = 'a request already on its way then fails';
    if (isKnown(server.maxRequests) && server.maxRequests.value !== 'never') {
      const limit = server.maxRequests.value;
      const own = finiteLimit(client.maxRequests);
      const ofWorker = server.requestLimitOf === 'worker';
      if (ofWorker || own === null || own >= limit) {
        judgements.push({
          severity: 'warning',
          message: ofWorker
            ? `${receiver.name} replaces a worker after ${limit} requests (${saidBy(server.maxRequests)}) and closes the connections that idle at it without announcing it with Connection: close: ${asks}`
            : `${receiver.name} closes after ${limit} requests (${saidBy(server.maxRequests)}) and does not announce it with Connection: close: ${asks}`,
          evidence: { maxRequests: limit, maxRequestsSetBy: saidBy(server.maxRequests), senderMaxRequests: own },
          remedy:
            ofWorker || limit < 2
              ? retryRemedy(facts)
              : remedyAt(facts, 'sender', client.maxRequests, {
                  reason: `let it close before ${receiver.name} does`,
                  wanted: { set: 'pool-requests', count: limit - 1 },
                }),
        });
      }
    }
    if (isKnown(server.maxAgeMs) && server.maxAgeMs.value !== 'never') {
      const limitMs = server.maxAgeMs.value;
      const ownMs = finiteLimit(client.maxAgeMs);
      if (ownMs === null || ownMs >= limitMs) {
        judgements.push({
          severity: 'warning',
          message: `${receiver.name} closes connections that are ${formatDuration(limitMs)} old (${saidBy(server.maxAgeMs)}) and does not announce it with Connection: close: ${asks}`,
          evidence: { maxAgeMs: limitMs, maxAgeSetBy: saidBy(server.maxAgeMs), senderMaxAgeMs: ownMs },
          remedy: [],
        });
      }
    }
    return judgements;
  },
};
