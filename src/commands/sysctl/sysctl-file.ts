import { formatDuration } from '../../base/units.ts';
import {
  deadAfterMs,
  type RecommendedKeepalive,
  recommendKeepalive,
  strictestMiddlebox,
  TOLERATED_LOSSES,
} from '../../keepalive/keepalive.ts';
import { nameOf } from '../../keepalive/wording.ts';
import type { Middlebox } from '../../report/values.ts';
import { KEEPALIVE_APPLIES_TO } from './report.ts';

/**
 * The lines of a complete sysctl.d file (sysctl.d(5)) with keepalive values that outlive the strictest of the middleboxes, or, when none is
 * given, any that keeps an idle connection for 100 s. Comments say what it is for, what it cannot do and where it goes. When no value
 * of TCP keepalive can meet that timeout there are only comments.
 */
export function sysctlFile(middleboxes: readonly Middlebox[]): string[] {
  const strictest = strictestMiddlebox(middleboxes);
  const recommended =
    middleboxes.length > 0 && strictest === null ? null : recommendKeepalive(strictest?.idleTimeoutMs ?? null);
  return [
    ...comment('TCP keepalive, from kaprobe sysctl --recommend'),
    '#',
    ...purpose(middleboxes, strictest, recommended),
    ...(recommended === null ? [] : ['#', ...limits(), '#', ...places(recommended), ...values(recommended)]),
  ];
}

function purpose(
  middleboxes: readonly Middlebox[],
  strictest: Middlebox | null,
  recommended: RecommendedKeepalive | null,
): string[] {
  const lines: string[] = [];
  if (strictest !== null) {
    const others = middleboxes.filter(
      (middlebox) => middlebox !== strictest && middlebox.keepaliveRefreshes !== false,
    ).length;
    const rank = others > 0 ? `, the shortest of ${others + 1} given` : '';
    lines.push(
      ...comment(
        `For ${nameOf(strictest)}, which forgets an idle connection after ${formatDuration(strictest.idleTimeoutMs)}${rank}.`,
      ),
    );
    if (strictest.keepaliveRefreshes === null) {
      lines.push(
        ...comment('It is not known whether keepalive probes restart its idle timer; this assumes that they do.'),
      );
    }
    if (recommended === null) {
      lines.push(
        ...comment(
          'No TCP keepalive can meet that: it counts in whole seconds and must leave room for lost probes. No values are set here. Send ' +
            'an application heartbeat, close idle connections sooner, or raise that timeout.',
        ),
      );
    }
  } else if (recommended !== null) {
    lines.push(
      ...comment(
        'No middlebox was given: this outlives any that keeps an idle connection for 100 s or more. With --middlebox or ' +
          '--middlebox-timeout the values fit yours.',
      ),
    );
  }
  if (recommended !== null) lines.push(...comment(timing(recommended)));
  for (const middlebox of middleboxes.filter(({ keepaliveRefreshes }) => keepaliveRefreshes === false)) {
    lines.push(
      ...comment(
        `No keepalive reaches the idle timer of ${nameOf(middlebox)}, ${formatDuration(middlebox.idleTimeoutMs)}, which counts data only: ` +
          'send an application heartbeat, or close idle connections sooner.',
      ),
    );
  }
  return lines;
}

function timing({ idleMs, intervalMs, ...rest }: RecommendedKeepalive): string {
  const dead = formatDuration(deadAfterMs({ idleMs, intervalMs, ...rest, userTimeoutMs: 0 }));
  return (
    `First probe after ${formatDuration(idleMs)} of silence, then every ${formatDuration(intervalMs)} while unanswered: ` +
    `${TOLERATED_LOSSES} lost probes are made up for, a dead peer is noticed after ${dead}.`
  );
}

function limits(): string[] {
  return [
    ...comment(
      `These values touch only ${KEEPALIVE_APPLIES_TO}. A program that never sets SO_KEEPALIVE sends no probe, whatever stands here.`,
    ),
    ...comment(
      'They do nothing while sent data waits for its acknowledgement: TCP_USER_TIMEOUT on the socket, or else net.ipv4.tcp_retries2, ' +
        'decides there.',
    ),
  ];
}

function places(recommended: RecommendedKeepalive): string[] {
  return [
    ...comment('Save as /etc/sysctl.d/60-kaprobe.conf, then run: sysctl --system'),
    ...comment(
      'A connection that is open already keeps the timer that runs: it changes when that expires, or with a new connection.',
    ),
    ...comment('A container has values of its own, in its network namespace. Docker: run with'),
    ...settingsOf(recommended).map(([name, value]) => `#   --sysctl ${name}=${value}`),
    ...comment(
      'Kubernetes: name and value under securityContext.sysctls of the pod; allowed by default from 1.29 on, not with hostNetwork.',
    ),
  ];
}

function values(recommended: RecommendedKeepalive): string[] {
  return settingsOf(recommended).map(([name, value]) => `${name} = ${value}`);
}

function settingsOf({ idleMs, intervalMs, count }: RecommendedKeepalive): [name: string, value: number][] {
  return [
    ['net.ipv4.tcp_keepalive_time', idleMs / 1000],
    ['net.ipv4.tcp_keepalive_intvl', intervalMs / 1000],
    ['net.ipv4.tcp_keepalive_probes', count],
  ];
}

/** As comment lines of at most 78 columns, unless a word is longer. */
function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 78) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines;
}
