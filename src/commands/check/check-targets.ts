import { setMaxListeners } from 'node:events';
import { mapConcurrently } from '../../base/concurrently.ts';
import { formatDuration, plural } from '../../base/units.ts';
import { parseTarget } from '../../connections/target.ts';
import { strictestMiddlebox } from '../../keepalive/keepalive.ts';
import { labelOf } from '../../keepalive/wording.ts';
import { descriptorsToSpare } from '../../linux/descriptor-limit.ts';
import type { Outcome } from '../../report/report.ts';
import type { CommandContext } from '../room.ts';
import { startEmbeddedServer } from './embedded-server.ts';
import { notObserved, observeEndpoint, openTools } from './endpoint.ts';
import { judgeTarget } from './judge-target.ts';
import type { CheckQuestion } from './question.ts';
import type { CheckData } from './report.ts';

/** Looks at all targets side by side. Rejects when aborted. */
export async function checkTargets(question: CheckQuestion, given: CommandContext): Promise<Outcome<CheckData>> {
  // Every probe of every target listens to the signal; one of our own may have that many listeners without a warning.
  const signal = AbortSignal.any([given.signal]);
  setMaxListeners(0, signal);
  const context = { ...given, signal };
  if (!question.embedded) return checkAll(question, context);
  const server = await startEmbeddedServer();
  try {
    return await checkAll({ ...question, targets: [parseTarget(`${server.host}:${server.port}`)] }, context);
  } finally {
    server.close();
  }
}

async function checkAll(question: CheckQuestion, context: CommandContext): Promise<Outcome<CheckData>> {
  const { targets, middleboxes, embedded } = question;
  const tools = await openTools(question, context.signal);
  let doneCount = 0;
  const progress = (): void => context.progress(`checked ${doneCount} of ${plural(targets.length, 'target')}`);
  progress();
  const countdown = question.surviveMs === null ? null : countDown(question.surviveMs, context);
  const room = question.surviveMs === null ? Number.POSITIVE_INFINITY : targetsThatFit();
  const results = await mapConcurrently([...targets.entries()], question.concurrency, async ([index, target]) => {
    const observation =
      index < room
        ? await observeEndpoint(target, question, tools, context.signal)
        : notObserved(target, question, `EMFILE: the limit on open files has room for ${room} idle targets`);
    const result = judgeTarget(observation, question, tools.host, context.failOn);
    doneCount += 1;
    if (countdown === null) progress();
    return result;
  });
  clearInterval(countdown ?? undefined);
  const strictest = strictestMiddlebox(middleboxes);
  return {
    data: {
      embedded,
      middleboxes: [...middleboxes],
      strictest: strictest === null ? null : labelOf(strictest),
      targets: results.map(({ checked }) => checked),
    },
    findings: results.flatMap(({ findings }) => findings),
    gaps: results.flatMap(({ checked }) => checked.gaps),
    interrupted: results.some(({ interrupted }) => interrupted),
  };
}

/** An idle test holds up to three connections, and opens three more at its end. */
const DESCRIPTORS_PER_TARGET = 6;

/** How many targets can idle at once within the limit on open files; the rest would take descriptors from each other. */
function targetsThatFit(): number {
  return Math.max(1, Math.floor(descriptorsToSpare() / DESCRIPTORS_PER_TARGET));
}

/** Shows how long the idling will still take. */
function countDown(surviveMs: number, { progress }: CommandContext): NodeJS.Timeout {
  const untilMs = performance.now() + surviveMs;
  return setInterval(() => {
    const restMs = untilMs - performance.now();
    progress(
      restMs > 0
        ? `idling, ${formatDuration(Math.ceil(restMs / 1000) * 1000)} left`
        : 'finding out what became of the idle connections',
    );
  }, 1000).unref();
}
