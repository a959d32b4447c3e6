/** Looking presets up: by id, by words, and as the `Middlebox` that the rules reckon with. */
import { UsageError } from '../errors.ts';
import type { MiddleboxPreset } from '../report/middleboxes.ts';
import type { Middlebox } from '../report.ts';
import { presets } from './presets/index.ts';

const OVERVIEW = 'see kaprobe middleboxes';

/** Returns the preset of that id. Throws a UsageError that names the nearest ids when there is none. */
export function findPreset(id: string): MiddleboxPreset {
  const preset = Object.hasOwn(presets, id) ? presets[id] : undefined;
  if (preset !== undefined) return preset;
  const near = nearestIds(id);
  const guess = near.length === 0 ? '' : `did you mean ${near.join(' or ')}? `;
  throw new UsageError(`unknown middlebox '${excerpt(id)}'`, guess + OVERVIEW);
}

/**
 * Returns the presets whose id, name, vendor and kind contain all the words, in any case. Only when none does are the notes and the
 * ways to configure searched too, because they mention other products. Without words: all presets.
 */
export function searchPresets(words: readonly string[]): MiddleboxPreset[] {
  const wanted = words.map((word) => word.toLowerCase());
  const matching = (textsOf: (preset: MiddleboxPreset) => string[]): MiddleboxPreset[] =>
    Object.values(presets).filter((preset) => {
      const text = textsOf(preset).join('\n').toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
  const label = ({ id, name, vendor, kind, protocol }: MiddleboxPreset): string[] => [id, name, vendor, kind, protocol];
  const found = matching(label);
  if (found.length > 0) return found;
  return matching((preset) => [...label(preset), preset.source.note, preset.configurableWith ?? '']);
}

/**
 * Returns the preset as something on the path of a TCP connection. Throws a UsageError when it cannot be that: it has no idle timeout of
 * its own, or it counts the idle time of UDP.
 */
export function toMiddlebox(preset: MiddleboxPreset): Middlebox {
  const { id, name, protocol, idleTimeoutMs, configurableWith, source, keepalive } = preset;
  if (protocol !== 'tcp') {
    throw new UsageError(`middlebox '${id}' is about ${protocol.toUpperCase()}, not about TCP connections`, OVERVIEW);
  }
  if (idleTimeoutMs === null) {
    throw new UsageError(
      `middlebox '${id}' has no default idle timeout`,
      'give the configured one with --middlebox-timeout, such as --middlebox-timeout 5m',
    );
  }
  return {
    id,
    name,
    idleTimeoutMs,
    keepaliveRefreshes: keepalive.refreshes,
    confidence: source.confidence,
    source: source.url,
    configurableWith,
  };
}

/** The ids that an unknown one may have been meant for, at most three: those that contain it, or most nearly do, the shortest first. */
function nearestIds(unknown: string): string[] {
  const LONGEST_SLIP = 64; // twice the longest id; what is longer was no slip, and must not cost time
  if (unknown.length < 2 || unknown.length > LONGEST_SLIP) return [];
  const text = unknown.toLowerCase();
  const candidates = Object.keys(presets).map((id) => ({ id, distance: distanceToPart(text, id) }));
  const nearest = Math.min(...candidates.map(({ distance }) => distance));
  if (nearest > text.length / 4) return [];
  return candidates
    .filter(({ distance }) => distance === nearest)
    .map(({ id }) => id)
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

/** As much of a user's text as belongs into a message, without what could move the cursor or reorder the line. */
function excerpt(text: string): string {
  const LONGEST = 40;
  const start = text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
  return start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
