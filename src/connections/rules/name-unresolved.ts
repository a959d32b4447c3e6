import type { Rule } from '../../report/finding.ts';
import type { EndpointFacts } from '../facts.ts';

const USUAL_CAUSE: Record<string, string> = {
  ENOTFOUND: 'no such name, or none with an address of the family asked for',
  ENODATA: 'the name exists but has no address of the family asked for',
  EAI_AGAIN: "no name server answered: the resolver's configuration or the way to it is broken",
  ETIMEDOUT: 'no name server answered in time',
};

export const rule: Rule<EndpointFacts> = {
  id: 'name-unresolved',
  title: "The host's name has no address, or no name server answered",
  explain: `**What it means.** There was no address to connect to. Nothing is known about the host or the path.

**Why it happens.** ENOTFOUND: the name does not exist, or has no address of the family asked for. EAI_AGAIN: no name server answered,
so the resolver's configuration or the way to it is broken. In containers, search domains and the resolver often differ from the host's.

**How kaprobe knows.** It asks getaddrinfo(), as most programs do: /etc/hosts and nsswitch.conf count. It does not ask a name server
itself. ETIMEDOUT means that no answer came within \`--timeout\`.

**What to do.** \`getent ahosts NAME\` repeats the question. Try it in the network namespace and the container of the program.

**Sources.** getaddrinfo(3). resolv.conf(5). nsswitch.conf(5). RFC 2308 (a name without such an address).`,
  judge: ({ connection }) => {
    if (connection?.kind !== 'unresolved') return [];
    const { host, error } = connection;
    return [
      {
        severity: 'error',
        message: `the name ${host} could not be resolved (${error ?? 'unknown error'}): ${USUAL_CAUSE[error ?? ''] ?? 'the resolver failed'}`,
        evidence: { host, error },
        remedy: ['# what do the resolver and its servers say?', `getent ahosts ${host}`, 'cat /etc/resolv.conf'],
      },
    ];
  },
};
