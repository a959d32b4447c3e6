import { expect, test } from 'vitest';
import type { HttpIdleSample } from '../../../src/connections/http/observation.ts';
import { summariseIdle } from '../../../src/connections/http/summarise-idle-closes.ts';
import { idleSample } from '../../helpers/http-server.ts';

const open: Partial<HttpIdleSample> = { outcome: 'alive', idleMs: 120_000 };
const unknown: Partial<HttpIdleSample> = { outcome: 'unmeasured', idleMs: null, reason: 'interrupted' };

test.each<[string, Partial<HttpIdleSample>[], ReturnType<typeof summariseIdle>]>([
  [
    'connections that all ended have a first and a last',
    [{ idleMs: 5010 }, { idleMs: 4990 }, {}],
    { lowerMs: 4990, upperMs: 5010, outcome: 'closed' },
  ],
  [
    'the first end decides how they end',
    [{ idleMs: 5010 }, { idleMs: 4990, outcome: 'reset' }],
    { lowerMs: 4990, upperMs: 5010, outcome: 'reset' },
  ],
  ['where some stay open there is no last', [{}, open], { lowerMs: 5000, upperMs: null, outcome: 'closed' }],
  ['an unmeasured one is left out', [{}, unknown], { lowerMs: 5000, upperMs: 5000, outcome: 'closed' }],
  ['all open is alive', [open, { ...open, idleMs: 120_100 }], { lowerMs: 120_000, upperMs: null, outcome: 'alive' }],
  [
    'one that is silent tells more than those that answer',
    [open, { outcome: 'stalled', idleMs: 120_050 }],
    { lowerMs: 120_050, upperMs: null, outcome: 'stalled' },
  ],
  ['nothing measured is unmeasured', [unknown], { lowerMs: null, upperMs: null, outcome: 'unmeasured' }],
  ['no connection is no answer', [], null],
])('%s', (_, samples, expected) => {
  expect(summariseIdle(samples.map(idleSample))).toEqual(expected);
});
