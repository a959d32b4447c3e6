import { type Facts, factsAbout, type MeasuredTimeout } from '../../src/policy/facts.ts';

export { arm, certificate, connection, DAY_MS, survival } from '../connections/facts.ts';
export { middlebox, namespaceLines, settings, socketLines } from '../keepalive/facts.ts';

/** What is known about `h:1`: nothing but what is given. */
export function facts(known: Partial<Facts>): Facts {
  return { ...factsAbout('h:1'), ...known };
}

/** A path that drops what idled for five minutes, and that keepalive refreshes. */
export function measured(different: Partial<MeasuredTimeout> = {}): MeasuredTimeout {
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
    ...different,
  };
}
