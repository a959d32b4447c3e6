/** Fills what the rules ask for into the products' own syntax. */
import type { HttpSwitches, LinePlace } from '../../knowledge/stack.ts';
import { stacks } from '../../knowledge/stacks/registry.generated.ts';
import type { Keepalive } from '../../report/values.ts';

/** How the settings of a hop are written. */
export type HopSyntax =
  /** As in `stacks`. */
  | { kind: 'stack'; id: string }
  /**
   * As in the stack of nginx, for one route of a configuration. `reuse`: the lines that it lacks for reuse. `poolBlock`: where the upstream
   * block stands, as a comment says it; null: there is none.
   */
  | { kind: 'nginx'; reuse: readonly string[]; poolBlock: string | null }
  /** A product that is configured elsewhere: the setting in words; null: not known. */
  | { kind: 'preset'; configurableWith: string | null };

/** What a hop should be told. Durations are rounded to the product's unit: up where it must outlast, down where it must give up first. */
export type WantedSetting =
  | { set: 'idle-close' | 'pool-idle' | 'response-timeout'; ms: number }
  | { set: 'capacity' | 'pool-size' | 'pool-requests'; count: number }
  | { set: 'keep-open' | 'reuse' | 'no-reuse' | 'retry-safely' }
  | { set: 'tcp-keepalive'; keepalive: Keepalive };

export type End = 'sender' | 'receiver';

/** Complete lines that set what is wanted at one end of a pair; none where the product has no such setting, or nothing is known. */
export function linesFor(
  syntax: Record<End, HopSyntax | null>,
  end: End,
  wanted: WantedSetting,
  place: LinePlace = 'file',
): string[] {
  const switches = switchesOf(syntax[end]);
  switch (wanted.set) {
    case 'idle-close':
      return switches.idleClose?.(wanted.ms, place) ?? [];
    case 'keep-open':
      return switches.keepOpen?.(place) ?? [];
    case 'pool-idle':
      return switches.poolIdle?.(wanted.ms) ?? [];
    case 'response-timeout':
      return switches.responseTimeout?.(wanted.ms) ?? [];
    case 'reuse':
      return switches.reuse?.() ?? [];
    case 'no-reuse':
      return switches.noReuse?.() ?? [];
    case 'retry-safely':
      return switches.retrySafely?.() ?? [];
    case 'pool-size':
      return switches.poolSize?.(wanted.count) ?? [];
    case 'pool-requests':
      return switches.poolRequests?.(wanted.count) ?? [];
    case 'capacity':
      return switches.capacity?.(wanted.count, place) ?? [];
    case 'tcp-keepalive': {
      const { tcpKeepalive, tcpKeepaliveOnAccepted } = switches;
      return (end === 'sender' ? tcpKeepalive : tcpKeepaliveOnAccepted)?.(wanted.keepalive) ?? [];
    }
    default:
      return wanted satisfies never;
  }
}

/** How long the pool of a sender would keep idle connections if it were told to reuse them and nothing else; null: not known. */
export function poolIdleOnceReusedMs(syntax: HopSyntax | null): number | null {
  return switchesOf(syntax).poolIdleOnceReusedMs ?? null;
}

function switchesOf(syntax: HopSyntax | null): HttpSwitches {
  switch (syntax?.kind) {
    case undefined:
      return {};
    case 'stack': {
      const stack = stacks[syntax.id];
      return { ...(stack?.switchOn === undefined ? {} : { tcpKeepalive: stack.switchOn }), ...stack?.http?.write };
    }
    case 'nginx': {
      const { reuse, poolBlock } = syntax;
      const nginx = switchesOf({ kind: 'stack', id: 'nginx' });
      const heading = poolBlock === null ? [] : [poolBlock];
      return { ...nginx, reuse: () => [...reuse], poolIdle: (ms) => [...heading, ...(nginx.poolIdle?.(ms) ?? [])] };
    }
    case 'preset': {
      const line = syntax.configurableWith === null ? [] : [`# ${syntax.configurableWith}`];
      return { idleClose: () => line, poolIdle: () => line };
    }
    default:
      return syntax satisfies never;
  }
}
