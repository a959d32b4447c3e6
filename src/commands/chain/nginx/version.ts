/** Versions of nginx, for the defaults that changed. */
import { UsageError } from '../../../base/errors.ts';

/** Three numbers in one, so that they compare: 1.29.7 is 1029007. */
type VersionNumber = number;

/** What is known of the version: all of it, or that it is no older than what the directives in use ask for. */
export interface KnownVersion {
  exact: VersionNumber | null;
  atLeast: VersionNumber;
}

/** Reads `1.22.1`, `1.22` or `nginx/1.22.1`. Throws a UsageError. */
export function parseVersion(text: string): VersionNumber {
  const [, major, minor, patch = '0'] = /^(?:nginx\/)?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?$/.exec(text) ?? [];
  if (major === undefined || minor === undefined) {
    throw new UsageError(
      `'${text.slice(0, 40).replace(/[^ -~]/g, '?')}' is not a version of nginx`,
      'give it as nginx -v prints it, such as 1.22.1',
    );
  }
  return Number(major) * 1_000_000 + Number(minor) * 1000 + Number(patch);
}

/** Reports whether this nginx is as new as `since`; null when that is not known. */
export function isSince({ exact, atLeast }: KnownVersion, since: string): boolean | null {
  const wanted = parseVersion(since);
  if (exact !== null) return exact >= wanted;
  return atLeast >= wanted ? true : null;
}
