/** What a preset of a middlebox says about a hop. */
import { UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import type { ChainClientSide, ChainServerSide, ChainSource, ChainValue, Limit } from '../../../knowledge/hop.ts';
import type { MiddleboxPreset } from '../../../knowledge/preset.ts';
import { unknownClientSide, unknownServerSide } from '../../../knowledge/sides.ts';
import { doubtsOfConfidence, type HopSource, sidelessHop, singleSource } from './source.ts';

/** A proxy that knows requests becomes a hop of its own; what forwards packets or bytes becomes a middlebox. Throws a UsageError. */
export function sourceOfPreset(preset: MiddleboxPreset, place: string): HopSource {
  const { id, name, kind, legs, protocol, idleTimeoutMs, source, confidence, configurableWith, keepalive } = preset;
  if (protocol !== 'tcp')
    throw new UsageError(`${place}: ${quoted(id)} is about ${protocol.toUpperCase()}, not about TCP connections`);
  if (kind === 'l7-proxy' && legs === null)
    throw new UsageError(
      `${place}: the preset ${quoted(id)} says nothing about idle HTTP connections`,
      'give what it does, such as --hop name=lb,role=proxy,idle-close=60s,pool-idle=60s',
    );
  if (idleTimeoutMs === null)
    throw new UsageError(
      `${place}: the preset ${quoted(id)} has no default idle timeout`,
      'give the configured one, such as --hop name=fw,role=middlebox,idle-timeout=30m',
    );
  const origin = { kind: 'preset', id, confidence, url: source } as const;
  const from: ChainSource = { kind: 'default', id, detail: `${name}, ${confidence}` };
  const value = <T>(given: T): ChainValue<T> => ({ value: given, source: from, setting: null });
  const hop = { ...sidelessHop(name), origin, doubts: doubtsOfConfidence(name, confidence) };
  if (kind !== 'l7-proxy' || legs === 'tcp') {
    const keepaliveRefreshes = legs === 'tcp' ? false : keepalive.refreshes;
    const middlebox = { idleTimeoutMs: value(idleTimeoutMs), keepaliveRefreshes };
    return singleSource({ name: id, role: 'middlebox' }, { ...hop, middlebox }, null);
  }
  const otherLeg = `the preset ${id} is about the other side`;
  const silent = `the preset ${id} does not say`;
  const server: ChainServerSide = {
    ...unknownServerSide(legs === 'origin' ? otherLeg : silent),
    ...(legs === 'origin' ? {} : { reuse: value(true), idleCloseMs: value<Limit>(idleTimeoutMs) }),
  };
  const client: ChainClientSide = {
    ...unknownClientSide(legs === 'client' ? otherLeg : silent),
    ...(legs === 'client' ? {} : { reuse: value(true), poolIdleMs: value<Limit>(idleTimeoutMs) }),
  };
  const syntax = { kind: 'preset', configurableWith } as const;
  return singleSource({ name: id, role: 'proxy' }, { ...hop, server, client }, syntax);
}
