import { expect, test } from 'vitest';
import type { Dropper } from '../../../src/connections/observation.ts';
import { rule } from '../../../src/connections/rules/dropper-named.ts';
import { facts } from '../facts.ts';

const dropper: Dropper = {
  hop: 3,
  address: '10.0.2.2',
  lastAnsweringHop: 2,
  lastAnsweringAddress: '10.0.1.2',
  hops: [],
  doubt: 'routers may answer in turn',
};

test.each<[what: string, different: Partial<Dropper>, where: string]>([
  ['both boxes are named', {}, 'at hop 2 (10.0.1.2) or at hop 3 (10.0.2.2)'],
  [
    'a box that answers nothing is named by its hop',
    { address: null },
    'at hop 2 (10.0.1.2) or at hop 3 (which answers nothing)',
  ],
  [
    'a box without a known address is named by its hop',
    { lastAnsweringAddress: null },
    'at hop 2 (address unknown) or at hop 3 (10.0.2.2)',
  ],
  [
    'hop 0 is this host',
    { hop: 1, lastAnsweringHop: 0, lastAnsweringAddress: null },
    'at this host itself or at hop 1 (10.0.2.2)',
  ],
  [
    'hops in between that do not tell are within the range',
    { hop: 5, address: '10.0.4.2' },
    'somewhere from hop 2 (10.0.1.2) to hop 5 (10.0.4.2)',
  ],
  [
    'a hop that is not known is behind the last one that is',
    { hop: null, address: null },
    'at hop 2 (10.0.1.2) or at some hop behind it',
  ],
])('%s', (_, different, where) => {
  const known = { ...dropper, ...different };
  expect(rule.judge(facts({ dropper: known }))).toEqual([
    {
      severity: 'info',
      message: expect.stringContaining(`dropped ${where}: `),
      evidence: {
        lastAnsweringHop: known.lastAnsweringHop,
        lastAnsweringAddress: known.lastAnsweringAddress,
        nextHop: known.hop,
        nextAddress: known.address,
      },
      remedy: [],
    },
  ]);
});

test.each([
  ['no hop answered for the flow', { ...dropper, lastAnsweringHop: null }],
  ['nobody looked', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ dropper: known }))).toEqual([]);
});
