/** What `lab` returns. */

import type { Connect, Dropper, Survival } from '../../connections/observation.ts';
import type { Finding } from '../../report/finding.ts';

/** A stateful firewall of the throw-away network, as it was set up. */
export interface LabFirewall {
  /** After how long without packets it forgets a flow; null: not within the run. */
  idleTimeoutMs: number | null;
  /** What it does with a segment of a flow that it has forgotten; `relearn`: take it for the beginning of a new one. */
  onExpiry: 'drop' | 'reset' | 'icmp' | 'relearn';
  /** Whether it puts its own address in place of the client's. */
  nat: boolean;
  /** Whether segments without payload leave its idle timer as it is. */
  keepaliveBlind: boolean;
}

/** One host of the throw-away network. */
export interface LabNetworkHost {
  /** `client`, `router-1`, `firewall-1`, … */
  name: string;
  role: 'client' | 'router' | 'firewall' | 'server';
  /** The TTL at which the client reaches it; 0 is the client itself. */
  hop: number;
  /** On the side of the client, in the family of the target: with it the host answers an expired TTL. */
  address: string;
  /** Only of a firewall; null for all others. */
  firewall: LabFirewall | null;
}

/** What became of one target of a check. */
export interface DemonstratedTarget {
  target: string;
  connect: Pick<Connect, 'kind'>;
  /** null: it could not be connected to. */
  survival: Survival | null;
  /** null: nothing stalled. */
  dropper: Dropper | null;
}

/** The data of a check, as `kaprobe check --format json` prints it: this much of it the lab reads, and all of it is there. */
export interface Demonstration {
  targets: DemonstratedTarget[];
}

/** The demonstration: a real check in a network of which everything is known. */
export interface LabData {
  /** With whose rights the network was made. */
  privilege: 'root' | 'user-namespace';
  /** From the client to the server: number k is hop k. */
  network: LabNetworkHost[];
  /** Share of packets that the router next to the client loses, in each direction. */
  lossPercent: number;
  /** The server that the connections were made to. */
  target: string;
  /** The command that was run on the client, without `--format`. */
  command: string[];
  /** Its data; null when it did not come to an end, for the reason in `gaps`. */
  demonstration: Demonstration | null;
  /** What that command found; none of it is wrong with this host. */
  found: Finding[];
  /** The firewall that the idle connection's next segment meets first, of those that have forgotten it and do not let it pass. */
  forgetful: { name: string; address: string; hop: number } | null;
  /** Whether that is the box that was named; null when none was named, or none had to be. */
  namedRight: boolean | null;
  /** Lines to paste that give a socket the keepalive that was shown to save the connection; null when it was not. */
  fix: string[] | null;
}
