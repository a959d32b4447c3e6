import type { Middlebox } from '../report/values.ts';
import type { LiveSocket } from '../sockets/live-socket.ts';

/**
 * What is known about one subject when the rules look at it: measured and given values, nothing else. null throughout: not known or not
 * part of the question, so that no rule may conclude anything from it.
 */
export interface Facts {
  /** What the findings are about: a target, or `sysctl`. */
  subject: string;
  middleboxes: readonly Middlebox[];
  /** Live sockets that have something in common, such as the program that holds them. */
  liveSockets: readonly LiveSocket[] | null;
  /** The process in whose network namespace they are; null: in kaprobe's own. */
  netnsPid: number | null;
  /** Lines that set the recommended keepalive through the libraries that speak the target's protocol. */
  librarySwitches: readonly string[];
}

/** Facts about which nothing is known yet. */
export function factsAbout(subject: string): Facts {
  return {
    subject,
    middleboxes: [],
    liveSockets: null,
    netnsPid: null,
    librarySwitches: [],
  };
}
