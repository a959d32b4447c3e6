/** Looking presets up: by id, by words, and as the `Middlebox` that the rules reckon with. */
import { UsageError } from '../base/errors.ts';
import { nearestNames } from '../base/suggest.ts';
import type { PresetMiddlebox } from '../report/values.ts';
import { presets } from './middleboxes/registry.generated.ts';
import type { MiddleboxPreset } from './preset.ts';

const OVERVIEW = 'see kaprobe middleboxes';

/** Returns the preset of that id. Throws a UsageError that names the nearest ids when there is none. */
export function findPreset(id: string): MiddleboxPreset {
  const preset = Object.hasOwn(presets, id) ? presets[id] : undefined;
  if (preset !== undefined) return preset;
  const near = nearestNames(id, Object.keys(presets));
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
  return matching((preset) => [...label(preset), preset.note, preset.configurableWith ?? '']);
}

/**
 * Returns the preset as something on the path of a TCP connection. Throws a UsageError when it cannot be that: it has no idle timeout of
 * its own, or it counts the idle time of UDP.
 */
export function toMiddlebox(preset: MiddleboxPreset): PresetMiddlebox {
  const { id, name, kind, protocol, idleTimeoutMs, configurableWith, source, confidence, keepalive } = preset;
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
    kind: 'preset',
    id,
    name,
    productKind: kind,
    idleTimeoutMs,
    keepaliveRefreshes: keepalive.refreshes,
    confidence,
    source,
    configurableWith,
  };
}

/** As much of a user's text as belongs into a message, without what could move the cursor or reorder the line. */
function excerpt(text: string): string {
  const LONGEST = 40;
  const start = text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
  return start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
