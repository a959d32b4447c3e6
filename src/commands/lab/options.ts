import { UsageError } from '../../base/errors.ts';
import { DAY_MS } from '../../base/units.ts';

/**
 * What the firewall does with a segment of a flow that it has forgotten: swallow it, answer with a RST, answer with ICMP
 * "administratively prohibited", or take it for the beginning of a new flow. The answers go to whoever sends next; nothing is
 * sent at the moment of forgetting.
 */
export const ON_EXPIRY = ['drop', 'reset', 'icmp', 'relearn'] as const;
type OnExpiry = (typeof ON_EXPIRY)[number];

/** One stateful firewall as asked for. */
export interface FirewallOptions {
  /** After how long without packets it forgets an established flow: whole seconds. null, the default: not within the run. */
  idleTimeoutMs?: number | null;
  /** Default `drop`. */
  onExpiry?: OnExpiry;
  /** Source NAT under a random port, on the side of the server. Default false. */
  nat?: boolean;
  /** Segments without payload pass, but do not restart the idle timer. Default false; means nothing without a timeout. */
  keepaliveBlind?: boolean;
}

/** The network as asked for; plain data. */
export interface LabOptions {
  firewall?: FirewallOptions;
  /** A second firewall, nearer to the server. null, the default: none. */
  secondFirewall?: FirewallOptions | null;
  /** Share of packets that the router next to the client loses, in each direction; to a hundredth of a percent. Default 0. */
  lossPercent?: number;
}

/** One firewall with every default filled in. */
export type Firewall = { [K in keyof FirewallOptions]-?: Exclude<FirewallOptions[K], undefined> };

/** The network with every default filled in; the firewalls in the order in which the client meets them. */
export interface LabSettings {
  firewalls: Firewall[];
  lossPercent: number;
}

/** conntrack counts whole seconds, in jiffies in an int: 24 days at 1000 Hz. */
export const IDLE_TIMEOUT_BOUNDS = { min: 1000, max: 23 * DAY_MS, step: 1000 } as const;

/**
 * Fills in the defaults.
 *
 * @throws UsageError for a timeout that is not in whole seconds, a loss that is not a percentage, and for combinations that mean
 * nothing.
 */
export function settle(options: LabOptions): LabSettings {
  const { firewall = {}, secondFirewall = null, lossPercent = 0 } = options;
  if (!(lossPercent >= 0 && lossPercent <= 100)) {
    throw new UsageError(`a loss of ${lossPercent} % cannot be: it must be between 0 and 100`);
  }
  const firewalls = [firewall, ...(secondFirewall === null ? [] : [secondFirewall])];
  return { firewalls: firewalls.map(settleFirewall), lossPercent };
}

function settleFirewall(options: FirewallOptions): Firewall {
  const { idleTimeoutMs = null, onExpiry = 'drop', nat = false, keepaliveBlind = false } = options;
  if (idleTimeoutMs !== null) {
    const { min, max, step } = IDLE_TIMEOUT_BOUNDS;
    if (!(idleTimeoutMs >= min && idleTimeoutMs <= max) || idleTimeoutMs % step !== 0) {
      throw new UsageError(
        `a firewall cannot forget after ${idleTimeoutMs} ms`,
        'conntrack counts whole seconds: from 1s to 23d',
      );
    }
  }
  if (keepaliveBlind && onExpiry === 'relearn') {
    throw new UsageError(
      'a firewall that learns forgotten flows again cannot be blind to keepalive: nothing would change',
    );
  }
  return { idleTimeoutMs, onExpiry, nat, keepaliveBlind };
}
