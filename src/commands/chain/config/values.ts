/** The values that the readers of configuration return, with where they come from. */

import { type ChainSource, type ChainValue, isKnown } from '../../../knowledge/hop.ts';
import type { Unmeasured } from '../../../report/values.ts';
import type { Place } from './files.ts';

/** A value that stands in a file. */
export function fromFile<T>(value: T, { file, line }: Place, setting: string): ChainValue<T> {
  return { value, source: { kind: 'file', file, line }, setting };
}

/** A value that holds because the configuration sets no other. `id` names the product's default, `detail` says which version and why. */
export function fromDefault<T>(value: T, id: string, detail: string, setting: string | null = null): ChainValue<T> {
  return { value, source: { kind: 'default', id, detail }, setting };
}

/** Another value that follows from a known one, with its source and setting. */
export function following<T>(
  value: T,
  { source, setting }: { source: ChainSource; setting: string | null },
): ChainValue<T> {
  return { value, source, setting };
}

/** The value made of a known one; an unknown one, or none at all, stays as it is. */
export function derive<T, U, N extends Unmeasured | null>(
  value: ChainValue<T> | N,
  make: (value: T) => U,
): ChainValue<U> | N {
  return isKnown(value) ? following(make(value.value), value) : value;
}
