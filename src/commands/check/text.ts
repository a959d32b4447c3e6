import { endpoint } from '../../base/endpoint.ts';
import { formatDuration, plural } from '../../base/units.ts';
import { CONNECT_WORDS, describeCertificate, describeConnect, notMeasured } from '../../connections/endpoint-words.ts';
import type { Dropper, KeepaliveAnswer, Survival } from '../../connections/observation.ts';
import { labelOf } from '../../keepalive/wording.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table, verdictMark, worstOf, wrap } from '../../output/text-layout.ts';
import type { Finding } from '../../report/finding.ts';
import type { Keepalive, Middlebox, Unmeasured } from '../../report/values.ts';
import type { CheckData, CheckedTarget } from './report.ts';

export const view: View<CheckData> = {
  body: (page, report) => body(page, report.data, report.findings),
};

/** One target in full; several as a table. */
function body(
  page: Page,
  { embedded, middleboxes, strictest, targets }: CheckData,
  findings: readonly Finding[],
): string[][] {
  const [only] = targets;
  const blocks =
    targets.length === 1 && only !== undefined ? [oneTarget(page, only)] : [manyTargets(page, targets, findings)];
  blocks.push(judgedAgainst(page, middleboxes, strictest));
  if (embedded) {
    blocks.push(
      wrap(
        "This was kaprobe's own server on loopback (--embedded): it shows that kaprobe works here, and says nothing about any network.",
        page.width,
      ),
    );
  }
  return blocks;
}

function oneTarget(
  page: Page,
  {
    target,
    address,
    port,
    addresses,
    connect,
    attempts,
    keepalive,
    survival,
    dropper,
    ping,
    certificate,
  }: CheckedTarget,
): string[] {
  const others = addresses.filter((other) => other !== address);
  const failed = attempts.filter((attempt) => attempt.kind !== 'connected' && attempt.address !== address);
  return [
    page.paint.strong(target),
    ...fields(page, [
      ['connection', describeConnect(connect, address === null ? null : endpoint(address, port))],
      ...failed.map(
        (attempt) => ['', `${attempt.address}: ${CONNECT_WORDS[attempt.kind]} (${attempt.error})`] as const,
      ),
      ...(others.length === 0 ? [] : [['other addresses', others.join(', ')] as const]),
      ...(certificate === undefined ? [] : [['certificate', describeCertificate(certificate)] as const]),
      ['keepalive', describeKeepalive(keepalive.effective)],
      ['probes', describeAnswer(keepalive.answer)],
      [
        'ping',
        ping.kind === 'answered'
          ? `answered in ${formatDuration(ping.rttMs)}`
          : ping.kind === 'unanswered'
            ? 'no answer'
            : notMeasured(ping),
      ],
      ...(survival === null ? [] : describeSurvival(survival)),
      ...(dropper === null ? [] : describeDropper(dropper)),
    ]),
  ];
}

type Field = readonly [label: string, text: string];

function describeSurvival({ askedForMs, arms, conclusion }: Survival): Field[] {
  return [
    [`idle ${formatDuration(askedForMs)}`, conclusion],
    ...arms.map(
      ({ arm, outcome, detail }): Field => [
        '',
        `${arm}: ${outcome === 'unmeasured' ? 'not measured' : outcome} (${detail})`,
      ],
    ),
  ];
}

function describeDropper({ hops, doubt }: Dropper): Field[] {
  const path = hops.map(({ hop, address, flowAnswered }): Field => {
    const flow = flowAnswered === null ? 'flow not tried' : flowAnswered ? 'flow passes' : 'flow is silent';
    return ['', `hop ${hop} ${address ?? '(no answer)'}: ${flow}`];
  });
  return [['dropped', doubt], ...path];
}

function manyTargets(page: Page, targets: readonly CheckedTarget[], findings: readonly Finding[]): string[] {
  const idled = targets.some(({ survival }) => survival !== null);
  return table(
    page,
    ['', 'target', 'address', 'connection', 'probes', ...(idled ? ['idle'] : [])],
    targets.map(({ verdict, target, address, connect, keepalive, survival }) => [
      verdictMark(page, verdict, worstOf(findings.filter((finding) => finding.subject === target))),
      target,
      address ?? '-',
      connect.kind === 'connected' && connect.durationMs !== null
        ? formatDuration(connect.durationMs)
        : CONNECT_WORDS[connect.kind],
      connect.kind === 'connected' ? keepalive.answer.kind : '-',
      ...(idled
        ? [survival === null ? '-' : survival.arms.map(({ arm, outcome }) => `${arm} ${outcome}`).join(', ')]
        : []),
    ]),
    idled ? 5 : 3,
  );
}

function describeKeepalive(effective: Keepalive | Unmeasured): string {
  if ('kind' in effective) return notMeasured(effective);
  const { enabled, idleMs, intervalMs, count, userTimeoutMs } = effective;
  if (!enabled) return 'off (read back from the socket)';
  const userTimeout = userTimeoutMs === 0 ? '' : `, user timeout ${formatDuration(userTimeoutMs)}`;
  return `idle ${formatDuration(idleMs)}, interval ${formatDuration(intervalMs)}, ${plural(count, 'probe')}${userTimeout} (read back from the socket)`;
}

function describeAnswer(answer: KeepaliveAnswer): string {
  switch (answer.kind) {
    case 'answered': {
      const { afterMs, probeCount } = answer;
      return `answered within ${formatDuration(afterMs)}${probeCount === 1 ? '' : `, at probe ${probeCount}`}, without payload`;
    }
    case 'unanswered':
      return `${plural(answer.probeCount, 'probe')} in ${formatDuration(answer.afterMs)}, none answered`;
    case 'unmeasured':
      return notMeasured(answer);
    default:
      return answer satisfies never;
  }
}

function judgedAgainst(page: Page, middleboxes: readonly Middlebox[], strictest: string | null): string[] {
  if (middleboxes.length === 0) {
    return wrap('Not judged against a middlebox: none was given (--middlebox, --middlebox-timeout).', page.width);
  }
  return [
    'judged against',
    ...fields(
      page,
      middleboxes.map((box) => [
        labelOf(box),
        [
          box.kind === 'timeout'
            ? `idle timeout of ${formatDuration(box.idleTimeoutMs)}`
            : `${box.name}: ${formatDuration(box.idleTimeoutMs)}`,
          box.keepaliveRefreshes === false
            ? 'not refreshed by keepalive'
            : box.keepaliveRefreshes === null
              ? 'refreshed by keepalive: not known'
              : null,
          box.kind === 'timeout' ? null : box.confidence,
          middleboxes.length > 1 && labelOf(box) === strictest ? 'decides' : null,
        ]
          .filter((part) => part !== null)
          .join('; '),
      ]),
    ),
  ];
}
