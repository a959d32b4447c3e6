import { type Facts, factsAbout } from '../../src/policy/facts.ts';

export { middlebox, socketLines } from '../keepalive/facts.ts';

/** What is known about `h:1`: nothing but what is given. */
export function facts(known: Partial<Facts>): Facts {
  return { ...factsAbout('h:1'), ...known };
}
