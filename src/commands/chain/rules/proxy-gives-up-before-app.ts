import { formatDuration } from '../../../base/units.ts';
import { isKnown } from '../../../knowledge/hop.ts';
import type { Rule } from '../../../report/finding.ts';
import type { ChainFacts } from '../facts.ts';
import { headed, headingFor, saidBy } from '../wording.ts';
import { linesFor } from '../write.ts';

export const rule: Rule<ChainFacts> = {
  id: 'proxy-gives-up-before-app',
  title: 'The sender stops waiting for a response that the receiver would still be allowed to work on',
  explain: '',
  judge: (facts) => {
    if (facts.kind !== 'pair') return [];
    const { pair, marginMs, syntax } = facts;
    const { sender, receiver } = pair;
    const { responseTimeoutMs } = sender.client;
    const { requestTimeoutMs } = receiver.server;
    if (!isKnown(responseTimeoutMs) || !isKnown(requestTimeoutMs)) return [];
    if (responseTimeoutMs.value === 'never' || requestTimeoutMs.value === 'never') return [];
    if (responseTimeoutMs.value >= requestTimeoutMs.value) return [];
    return [
      {
        severity: 'warning',
        message: `${sender.name} waits ${formatDuration(responseTimeoutMs.value)} for a response (${saidBy(responseTimeoutMs)}), but ${receiver.name} may work on it for ${formatDuration(requestTimeoutMs.value)} (${saidBy(requestTimeoutMs)}): the client gets an error while ${receiver.name} goes on for nobody`,
        evidence: {
          responseTimeoutMs: responseTimeoutMs.value,
          responseTimeoutSetBy: saidBy(responseTimeoutMs),
          requestTimeoutMs: requestTimeoutMs.value,
          requestTimeoutSetBy: saidBy(requestTimeoutMs),
        },
        remedy: headed(
          `${headingFor(sender, responseTimeoutMs)}: wait longer than ${receiver.name} works`,
          linesFor(syntax, 'sender', { set: 'response-timeout', ms: requestTimeoutMs.value + marginMs }),
        ),
      },
    ];
  },
};
