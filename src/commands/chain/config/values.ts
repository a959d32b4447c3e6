/** The values that the readers of configuration return, with where they come from. */
import type { ChainSource, ChainValue, MaybeChainValue } from '../../../knowledge/hop.ts';
import type { Place } from './files.ts';

/** A value that stands in a file. */
export function fromFile<T>(value: T, { file, line }: Place, setting: string): ChainValue<T> {
  return { value, source: { kind: 'file', file, line }, setting };
}

/** A value that holds because nothing else was said. `id` names the product's default, `detail` says which version and why. */
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

/** Reports whether a value is known. */
export function isKnown<T>(value: MaybeChainValue<T>): value is ChainValue<T> {
  return 'value' in value;
}

/** The value made of a known one; an unknown one stays as it is. */
export function derive<T, U>(value: MaybeChainValue<T>, make: (value: T) => U): MaybeChainValue<U> {
  return isKnown(value) ? following(make(value.value), value) : value;
}
