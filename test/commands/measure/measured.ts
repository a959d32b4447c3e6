import type { MeasureFacts } from '../../../src/commands/measure/facts.ts';

/** A path that drops what idled for five minutes, and that keepalive refreshes. */
export function measured(different: Partial<MeasureFacts> = {}): MeasureFacts {
  return {
    direction: 'client',
    farEndFirst: null,
    idleTimeout: { lowerMs: 299_000, upperMs: 301_000, outcome: 'stalled' },
    endedBy: 'path',
    matches: [
      {
        id: 'some-box',
        name: 'Some Box',
        kind: 'firewall',
        keepaliveRefreshes: true,
        idleTimeoutMs: 300_000,
        expiry: 'silent-drop',
        agrees: true,
        configurableWith: null,
      },
    ],
    keepaliveRefreshes: true,
    falseDeathProbability: 2e-7,
    warmup: null,
    librarySwitches: [],
    ...different,
  };
}

/** Nothing is known of the path. */
export const UNMEASURED = measured({
  idleTimeout: { lowerMs: null, upperMs: null, outcome: 'unmeasured' },
  endedBy: null,
  keepaliveRefreshes: null,
});
