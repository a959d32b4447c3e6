/** A hint for an unknown name: `did you mean check or chain?`; null when it is like none. */
export function didYouMean(unknown: string, names: readonly string[]): string | null {
  const near = nearestNames(unknown, names);
  return near.length === 0 ? null : `did you mean ${near.join(' or ')}?`;
}

/** The names that an unknown one may have been meant for, at most three: those that contain it, or most nearly do, the shortest first. */
export function nearestNames(unknown: string, names: readonly string[]): string[] {
  const LONGEST_SLIP = 64; // twice the longest name; what is longer was no slip, and must not cost time
  if (unknown.length < 2 || unknown.length > LONGEST_SLIP) return [];
  const text = unknown.toLowerCase();
  const candidates = names.map((name) => ({ name, distance: distanceToPart(text, name.toLowerCase()) }));
  const nearest = Math.min(...candidates.map(({ distance }) => distance));
  if (nearest > text.length / 4) return [];
  return candidates
    .filter(({ distance }) => distance === nearest)
    .map(({ name }) => name)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .slice(0, 3);
}

/**
 * How many letters must be changed, added, left out or swapped with their neighbour to make `text` a part of `whole` (Sellers 1980, with
 * the swap of Damerau 1964). 0: it is a part.
 */
function distanceToPart(text: string, whole: string): number {
  const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: whole.length + 1 }, () => 0); // a part may begin anywhere
  for (let i = 1; i <= text.length; i++) {
    const row = [i];
    for (let j = 1; j <= whole.length; j++) {
      const change = text[i - 1] === whole[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && text[i - 1] === whole[j - 2] && text[i - 2] === whole[j - 1];
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + change,
        swapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = row;
  }
  return Math.min(...last); // and end anywhere
}
