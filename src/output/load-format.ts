import { UsageError } from '../base/errors.ts';
import type { Format } from './format.ts';
import { formats } from './formats/registry.generated.ts';

const known: Readonly<Record<string, { load(): Promise<Format> }>> = formats;

/** Loads the format of that name. Throws a UsageError when there is none. */
export async function loadFormat(name: string): Promise<Format> {
  const format = Object.hasOwn(known, name) ? known[name] : undefined;
  if (format === undefined)
    throw new UsageError(`there is no format '${name}'`, `one of ${Object.keys(known).join(', ')}`);
  return format.load();
}
