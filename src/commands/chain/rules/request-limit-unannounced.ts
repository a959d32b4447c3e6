import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Judgement, Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { headed, headingFor, saidBy } from '../wording.ts';
import { linesFor } from '../write.ts';

export const rule: Rule<ChainFacts> = {
  id: 'request-limit-unannounced',
  title:
    'A receiver ends connections after so many requests, or at an age, without `Connection: close` in the last response (RFC 9112, 9.6)',
  explain: '',
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { sender, receiver } = facts.pair;
    const { client } = sender;
    const { server } = receiver;
    if (server.announcesClose !== false) return [];
    if ([client.reuse, server.reuse].some((reuse) => isKnown(reuse) && !reuse.value)) return [];
    const judgements: Judgement[] = [];
    const asks = 'a request already on its way then fails';
    if (isKnown(server.maxRequests) && server.maxRequests.value !== 'never') {
      const limit = server.maxRequests.value;
      const own = isKnown(client.maxRequests) && client.maxRequests.value !== 'never' ? client.maxRequests.value : null;
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
              ? headed(
                  `# ${sender.name}: send again what may be sent twice`,
                  linesFor(facts.syntax, 'sender', { set: 'retry-safely' }),
                )
              : headed(
                  `${headingFor(sender, isKnown(client.maxRequests) ? client.maxRequests : null)}: let it close before ${receiver.name} does`,
                  linesFor(facts.syntax, 'sender', { set: 'pool-requests', count: limit - 1 }),
                ),
        });
      }
    }
    if (isKnown(server.maxAgeMs) && server.maxAgeMs.value !== 'never') {
      const limitMs = server.maxAgeMs.value;
      const ownMs = isKnown(client.maxAgeMs) && client.maxAgeMs.value !== 'never' ? client.maxAgeMs.value : null;
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
