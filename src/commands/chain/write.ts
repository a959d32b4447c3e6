import type { HttpSwitches } from '../../knowledge/stack.ts';
import type { Joint, WantedSetting } from '../../policy/facts.ts';

/** Fills what the rules ask for into the products' own syntax; null: a product whose syntax is not known. */
export function writerFor(sender: HttpSwitches | null, receiver: HttpSwitches | null): Joint['write'] {
  return (end, wanted) => {
    const switches = end === 'sender' ? sender : receiver;
    return switches === null ? [] : (linesFor(switches, wanted, end) ?? []);
  };
}

function linesFor(switches: HttpSwitches, wanted: WantedSetting, end: 'sender' | 'receiver'): string[] | undefined {
  switch (wanted.set) {
    case 'idle-close':
      return switches.idleClose?.(wanted.ms, wanted.on);
    case 'keep-open':
      return switches.keepOpen?.(wanted.on);
    case 'pool-idle':
      return switches.poolIdle?.(wanted.ms);
    case 'response-timeout':
      return switches.responseTimeout?.(wanted.ms);
    case 'reuse':
      return switches.reuse?.();
    case 'no-reuse':
      return switches.noReuse?.();
    case 'retry-safely':
      return switches.retrySafely?.();
    case 'pool-size':
      return switches.poolSize?.(wanted.count);
    case 'pool-requests':
      return switches.poolRequests?.(wanted.count);
    case 'capacity':
      return switches.capacity?.(wanted.count, wanted.on);
    case 'tcp-keepalive':
      return end === 'sender'
        ? switches.tcpKeepalive?.(wanted.keepalive)
        : switches.tcpKeepaliveOnAccepted?.(wanted.keepalive);
    default:
      return wanted satisfies never;
  }
}
