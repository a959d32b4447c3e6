import { formatDuration } from '../../base/units.ts';
import type { SurvivalOutcome } from '../../connections/observation.ts';
import type { MiddleboxPreset } from '../../knowledge/preset.ts';
import type { IdleTimeoutMatch } from './report.ts';

/** By how much a product's timeout may miss the bracket: its clock is its own. */
const MATCH_SHARE = 0.01;
const MATCH_MS = 500;
/** Timeouts that differ by less are not told apart by measuring again. */
const FINEST_MS = 200;

/** What was seen when connections died. */
export interface Seen {
  lowerMs: number;
  upperMs: number;
  /** null: not what the box does, since the far end was answered and not this side. */
  outcome: SurvivalOutcome | null;
  keepaliveRefreshes: boolean | null;
}

/** The products whose default lies in the bracket, those first that agree with what was seen. */
export function matchesOf(presets: readonly MiddleboxPreset[], seen: Seen): IdleTimeoutMatch[] {
  const margin = (ms: number): number => Math.max(MATCH_MS, MATCH_SHARE * ms);
  return presets
    .flatMap((preset) => {
      const { idleTimeoutMs, protocol } = preset;
      const lies =
        idleTimeoutMs !== null &&
        idleTimeoutMs >= seen.lowerMs - margin(seen.lowerMs) &&
        idleTimeoutMs <= seen.upperMs + margin(seen.upperMs);
      return protocol === 'tcp' && lies ? [asMatch(preset, idleTimeoutMs, seen)] : [];
    })
    .sort((one, other) => disagreementOf(one, seen) - disagreementOf(other, seen));
}

function asMatch(
  { id, name, kind, expiry: { behaviour }, keepalive, configurableWith }: MiddleboxPreset,
  idleTimeoutMs: number,
  { outcome }: Seen,
): IdleTimeoutMatch {
  const how = behaviourOf(outcome);
  const agrees = behaviour === 'unknown' || how === null ? null : behaviour === how;
  const keepaliveRefreshes = keepalive.refreshes;
  return { id, name, kind, idleTimeoutMs, expiry: behaviour, agrees, keepaliveRefreshes, configurableWith };
}

function behaviourOf(outcome: SurvivalOutcome | null): IdleTimeoutMatch['expiry'] | null {
  return outcome === 'stalled' ? 'silent-drop' : outcome === 'reset' ? 'rst' : outcome === 'closed' ? 'fin' : null;
}

/** How much about a product is unlike what was seen; what is not known of it counts a little. */
function disagreementOf(match: IdleTimeoutMatch, seen: Seen): number {
  const expiry = match.agrees === null ? 1 : match.agrees ? 0 : 3;
  const known = match.keepaliveRefreshes !== null && seen.keepaliveRefreshes !== null;
  return expiry + (known ? (match.keepaliveRefreshes === seen.keepaliveRefreshes ? 0 : 3) : 1);
}

/** Where on the way a box of each kind stands. */
const PLACES = {
  nat: 'where an address is translated, mostly at the edge of a network',
  'cloud-nat': 'at the edge of the cloud network of this side',
  vpn: 'at an end of a tunnel',
  cni: 'on the host of this side or of the server',
  firewall: 'anywhere on the way',
  'l4-lb': 'just before the server',
  'l7-proxy': 'in the place of the server: it ends the connection itself',
} as const satisfies Record<IdleTimeoutMatch['kind'], string>;

const THEN = {
  'silent-drop': 'drops in silence',
  rst: 'sends a RST',
  fin: 'sends a FIN',
} as const satisfies Partial<Record<IdleTimeoutMatch['expiry'], string>>;

/** What tells the candidates apart, as far as they differ and it is known of them: a sentence for each property. */
export function tellApart(matches: readonly IdleTimeoutMatch[], seen: Seen): string[] {
  if (matches.length < 2) return [];
  return [...byExpiry(matches, seen), ...byKeepalive(matches, seen), ...byTimeout(matches), ...byPlace(matches)];
}

function byExpiry(matches: readonly IdleTimeoutMatch[], { outcome }: Seen): string[] {
  const groups = grouped(matches, ({ expiry }) => (expiry === 'unknown' ? null : THEN[expiry]));
  if (groups.length < 2) return [];
  const how = behaviourOf(outcome);
  const seen = how === null || how === 'unknown' ? '' : `; here it ${THEN[how]}`;
  return [`what the box does when it has forgotten: ${listed(groups)}${seen}`];
}

function byKeepalive(matches: readonly IdleTimeoutMatch[], { keepaliveRefreshes }: Seen): string[] {
  const groups = grouped(matches, ({ keepaliveRefreshes: refreshes }) =>
    refreshes === null ? null : refreshes ? 'refreshed' : 'not refreshed',
  );
  if (groups.length < 2) return [];
  const seen = keepaliveRefreshes === null ? '' : `; here it is ${keepaliveRefreshes ? '' : 'not '}refreshed`;
  return [`whether TCP keepalive refreshes it: ${listed(groups)}${seen}`];
}

function byTimeout(matches: readonly IdleTimeoutMatch[]): string[] {
  const groups = grouped(
    [...matches].sort((one, other) => one.idleTimeoutMs - other.idleTimeoutMs),
    ({ idleTimeoutMs }) => formatDuration(idleTimeoutMs),
  );
  const timeouts = matches.map(({ idleTimeoutMs }) => idleTimeoutMs);
  const apartMs = Math.max(...timeouts) - Math.min(...timeouts);
  if (groups.length < 2 || apartMs <= FINEST_MS) return [];
  return [`the exact timeout, with a finer --resolution: ${listed(groups)}`];
}

function byPlace(matches: readonly IdleTimeoutMatch[]): string[] {
  const groups = grouped(matches, ({ kind }) => kind);
  if (groups.length < 2) return [];
  const places = groups.map(([kind, ids]) => `${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} ${PLACES[kind]}`);
  return [`the hop, which --locate looks for: ${places.join('; ')}`];
}

/** Groups in the order of their first member; those of which the property is not known are left out. */
function grouped<K extends string>(
  matches: readonly IdleTimeoutMatch[],
  keyOf: (match: IdleTimeoutMatch) => K | null,
): [key: K, ids: string[]][] {
  const groups = new Map<K, string[]>();
  for (const match of matches) {
    const key = keyOf(match);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), match.id]);
  }
  return [...groups];
}

const listed = (groups: readonly (readonly [string, readonly string[]])[]): string =>
  groups.map(([key, ids]) => `${key}: ${ids.join(', ')}`).join('; ');
