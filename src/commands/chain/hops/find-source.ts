/** Finds what a hop is made of: a stack, a preset, a file, a command line, or its settings alone. */
import { UsageError } from '../../../base/errors.ts';
import { quoted } from '../../../base/quoted.ts';
import { didYouMean, nearestNames } from '../../../base/suggest.ts';
import { findPreset } from '../../../knowledge/find-middlebox.ts';
import { findHttpStack, httpStackNames } from '../../../knowledge/find-stack.ts';
import { presets } from '../../../knowledge/middleboxes/registry.generated.ts';
import {
  clientSideOf,
  confidenceOf,
  productOf,
  roleOf,
  serverSideOf,
  unknownClientSide,
  unknownServerSide,
} from '../../../knowledge/sides.ts';
import type { Stack } from '../../../knowledge/stack.ts';
import { stacks } from '../../../knowledge/stacks/registry.generated.ts';
import { readInvocation } from '../gunicorn/command-line.ts';
import { sourceOfCommand, sourceOfFile } from './config-source.ts';
import { sourceOfPreset } from './preset-source.ts';
import { doubtsOfConfidence, type HopSource, type SourceOptions, sidelessHop, singleSource } from './source.ts';
import type { HopSpec } from './spec.ts';

/** Looks up or reads what the hop is made of. Throws a UsageError or a ParseError. */
export function findSource(spec: HopSpec, options: SourceOptions): HopSource {
  const { base } = spec;
  switch (base.kind) {
    case 'settings':
      return sourceOfSettings(spec);
    case 'stack':
      return sourceOfStack(spec, stackNamed(base.word, spec.place), options);
    case 'preset':
      return sourceOfPreset(findPreset(base.word), spec.place);
    case 'file':
      return sourceOfFile(base.word, spec, options);
    case 'command':
      return sourceOfCommand(base.word, spec, options);
    case 'word':
      return sourceOfWord(base.word, spec, options);
    default:
      return base satisfies never;
  }
}

/** Stacks before presets before files: a file with the name of a stack needs a `./` before it. */
function sourceOfWord(word: string, spec: HopSpec, options: SourceOptions): HopSource {
  const { role, place } = spec;
  if (/\s/.test(word.trim()) && readInvocation(word) !== null) return sourceOfCommand(word, spec, options);
  const isPath = word === '-' || word.includes('/') || /\.(conf|py|cfg|ini|ya?ml|nginx|j2)$/i.test(word);
  if (isPath) return sourceOfFile(word, spec, options);
  if (/\s/.test(word.trim())) return sourceOfCommand(word, spec, options);
  const stack = role === 'middlebox' ? null : findHttpStack(word);
  if (stack !== null) return sourceOfStack(spec, stack, options);
  if (Object.hasOwn(presets, word)) return sourceOfPreset(findPreset(word), place);
  if (options.files.read(word).kind === 'file') return sourceOfFile(word, spec, options);
  if (role === 'middlebox') return sourceOfPreset(findPreset(word), place);
  const near = nearestNames(word, [...httpStackNames(), ...Object.keys(presets)]);
  const guess = near.length === 0 ? '' : `did you mean ${near.join(' or ')}? `;
  throw new UsageError(
    `${place}: ${quoted(word)} is neither a file nor a stack nor a preset that is known`,
    `${guess}see kaprobe chain --help and kaprobe middleboxes`,
  );
}

function stackNamed(word: string, place: string): Stack {
  const stack = findHttpStack(word);
  if (stack !== null) return stack;
  const withHttp = Object.values(stacks).filter(({ http }) => http !== undefined);
  throw new UsageError(
    `${place}: unknown stack ${quoted(word)}`,
    didYouMean(word, httpStackNames()) ?? `known are ${withHttp.map(({ id }) => id).join(', ')}`,
  );
}

function sourceOfStack(spec: HopSpec, stack: Stack, options: SourceOptions): HopSource {
  const { id, source: url } = stack;
  // What its worker makes of it is known best where its command line is read.
  if (id === 'gunicorn') return sourceOfCommand('gunicorn', spec, options);
  const product = productOf(stack);
  const confidence = confidenceOf(stack);
  const hop = {
    ...sidelessHop(product),
    origin: { kind: 'stack', id, confidence, url } as const,
    server: serverSideOf(stack),
    client: clientSideOf(stack),
    doubts: doubtsOfConfidence(product, confidence),
  };
  const name = spec.base.kind === 'settings' ? id : spec.base.word.toLowerCase();
  return singleSource({ name, role: roleOf(stack) }, hop, { kind: 'stack', id });
}

function sourceOfSettings({ settings, role, place }: HopSpec): HopSource {
  if (settings.length === 0)
    throw new UsageError(
      `${place}: the hop says nothing about its connections`,
      'give a stack, a preset, a file or settings such as idle-close=75s',
    );
  const reason = 'not given';
  const sides = { server: unknownServerSide(reason), client: unknownClientSide(reason) };
  return singleSource({ name: role ?? 'hop', role: null }, { ...sidelessHop('as given'), ...sides }, null);
}
