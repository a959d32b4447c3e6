import type { CheckFacts } from '../../../src/commands/check/facts.ts';
import { endpointFacts } from '../../../src/connections/facts.ts';
import type { Survival } from '../../../src/connections/observation.ts';
import { idleEvidenceOf } from '../../../src/connections/survival.ts';
import type { Settings } from '../../../src/keepalive/facts.ts';
import { unmeasured } from '../../../src/report/values.ts';
import { facts as keepaliveFacts } from '../../keepalive/facts.ts';

type Known = Partial<Pick<CheckFacts, 'refused' | 'answer' | 'librarySwitches'>> & {
  survival?: Survival | null;
  settings?: Settings | null;
};

/** A target of which nothing is known but what is given, and what follows from that. */
export function facts({ survival = null, settings = null, librarySwitches = [], ...known }: Known): CheckFacts {
  return {
    ...endpointFacts({ survival }),
    ...keepaliveFacts({ settings, librarySwitches, idleEvidence: idleEvidenceOf(survival) }),
    refused: [],
    answer: unmeasured('not asked'),
    ...known,
  };
}
