/** The ways of requests through all hops. */
import { UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import { plural } from '../../../base/units.ts';
import type { Gap } from '../../../report/report.ts';
import type { BuiltHop } from './build-hop.ts';
import type { HopVariant } from './source.ts';

/** A configuration with more routes than this is reported in part, and says so. */
const MOST_ROUTES = 24;

/** One way through all hops. */
export interface Route {
  /** Its name among the others; null: there is only one. */
  label: string | null;
  /** From client to origin. */
  variants: readonly HopVariant[];
}

/**
 * Every combination of the hops' routes; those that differ in nothing but their names are one. `wanted`: only routes with these words in their
 * name; null: all. Throws a UsageError where no route is left.
 */
export function routesThrough(hops: readonly BuiltHop[], wanted: string | null): { routes: Route[]; gaps: Gap[] } {
  let routes: { labels: string[]; variants: HopVariant[] }[] = [{ labels: [], variants: [] }];
  let leftOut = 0;
  hops.forEach((hop, index) => {
    const next = variantsOf(hop, index === hops.length - 1, wanted);
    const all = routes.flatMap(({ labels, variants }) =>
      next.map((variant) => ({
        labels: variant.route === null ? labels : [...labels, variant.route],
        variants: [...variants, variant],
      })),
    );
    routes = all.slice(0, MOST_ROUTES);
    leftOut += all.length - routes.length;
  });
  const several = routes.length > 1 || wanted !== null;
  const reason = `only ${MOST_ROUTES} are judged at once: choose with --route`;
  return {
    routes: routes.map(({ labels, variants }) => ({
      label: several && labels.length > 0 ? labels.join(', ') : null,
      variants,
    })),
    gaps: leftOut === 0 ? [] : [{ subject: 'chain', what: plural(leftOut, 'further route'), reason }],
  };
}

/** The routes of one hop that lead on, merged where all settings are the same. */
function variantsOf({ variants, name, spec }: BuiltHop, isLast: boolean, wanted: string | null): HopVariant[] {
  const leadOn = variants.flatMap((variant) => {
    if (isLast) return [{ ...variant, hop: { ...variant.hop, client: null } }];
    return variant.hop.client === null && variant.hop.middlebox === null ? [] : [variant];
  });
  if (leadOn.length === 0)
    throw new UsageError(
      `${spec.place}: ${name} passes no requests on`,
      'there is no proxy_pass in it: it can only be the last hop',
    );
  const chosen = leadOn.filter(({ route }) => route === null || wanted === null || route.includes(wanted));
  if (chosen.length === 0) {
    const names = leadOn.slice(0, 5).map(({ route }) => route);
    throw new UsageError(
      `--route ${quoted(wanted ?? '')} is in no route of ${name}`,
      `there are ${names.join('; ')}${leadOn.length > 5 ? '; ...' : ''}`,
    );
  }
  const groups = new Map<string, HopVariant[]>();
  for (const variant of chosen) {
    const { server, client } = variant.hop;
    const key = JSON.stringify([server, client]);
    groups.set(key, [...(groups.get(key) ?? []), variant]);
  }
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const route = first.route === null || rest.length === 0 ? first.route : `${first.route} and ${rest.length} more`;
    return [{ ...first, route }];
  });
}
