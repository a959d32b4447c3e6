import { UsageError } from '../../base/errors.ts';
import { descriptorsToSpare } from '../../linux/descriptor-limit.ts';

/** Throws a UsageError when an option asks for more connections at once than this process may have open. */
export function refuseBeyondOpenFiles(option: string, count: number): void {
  const most = Math.max(1, descriptorsToSpare());
  if (count <= most) return;
  throw new UsageError(
    `${option} ${count} is more than the limit on open files has room for`,
    `at most ${most} here; ulimit -n raises it`,
  );
}
