import { formatDuration, plural } from '../../base/units.ts';
import { nameOf } from '../../keepalive/wording.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, wrap } from '../../output/text-layout.ts';
import type { Keepalive } from '../../report/values.ts';
import type { SimulateData, SimulatedEnd, SimulatedEvent, SimulatedScenario } from './report.ts';

export const view: View<SimulateData> = { body: (page, report) => body(page, report.data) };

/** The settings, then one timeline for each thing that can become of the connection. */
function body(page: Page, data: SimulateData): string[][] {
  return [
    fields(page, summary(data)),
    ...data.scenarios.map((scenario) => scenarioLines(page, scenario)),
    wrap(
      "Computed, not measured. Each timeline begins with the last segment received, the write, or the closing of the window. The kernel's timers fire late, long ones by up to an eighth of their length.",
      page.width,
    ).map(page.paint.dim),
  ];
}

function summary(data: SimulateData): [label: string, text: string][] {
  const { keepalive, probePeriodMs, retries2, rttMs, rtoMs, defaults } = data;
  return [
    ['keepalive', keepalive.enabled ? describeKeepalive(keepalive) : 'off'],
    ...(probePeriodMs === null
      ? []
      : [['answered probes', `every ${formatDuration(probePeriodMs)}`] satisfies [string, string]]),
    ['user timeout', describeUserTimeout(keepalive)],
    [
      'retransmission',
      `first after ${formatDuration(rtoMs)} (round trip ${formatDuration(rttMs)}), tcp_retries2 ${retries2}`,
    ],
    ['not given', defaults === 'kernel' ? "as the kernel's defaults are" : "as this network namespace's sysctls are"],
  ];
}

function describeKeepalive({ idleMs, intervalMs, count }: Keepalive): string {
  return `after ${formatDuration(idleMs)} of silence, then every ${formatDuration(intervalMs)}, ${plural(count, 'probe')}`;
}

function describeUserTimeout({ enabled, userTimeoutMs }: Keepalive): string {
  if (userTimeoutMs === 0) return 'not set';
  return `${formatDuration(userTimeoutMs)}${enabled ? ', which decides instead of the number of probes' : ''}`;
}

function scenarioLines(page: Page, scenario: SimulatedScenario): string[] {
  const lasts = scenario.end.kind === 'alive';
  const rows = [
    ...scenario.events.flatMap((event, index) => {
      const goesOn = lasts && index === scenario.events.length - 1;
      return eventRows(event, goesOn);
    }),
    endRow(page, scenario),
  ];
  const column = Math.max(...rows.map(([at]) => at.length));
  return [
    ...wrap(titleOf(scenario), page.width).map(page.paint.strong),
    ...rows.flatMap(([at, text, paint = (line: string) => line]) =>
      wrap(text, page.width - column - 4).map((line, index) => {
        const head = index === 0 ? at.padStart(column) : ' '.repeat(column);
        return `  ${page.paint.dim(head)}  ${paint(line)}`;
      }),
    ),
  ];
}

function titleOf({ scenario, middlebox }: SimulatedScenario): string {
  switch (scenario) {
    case 'idle':
      return 'Idle, and the peer answers';
    case 'middlebox':
      return middlebox === null || middlebox.kind === 'timeout'
        ? `Idle through a middlebox that forgets after ${formatDuration(middlebox?.idleTimeoutMs ?? 0)}`
        : `Idle through ${nameOf(middlebox)}, which forgets after ${formatDuration(middlebox.idleTimeoutMs)}`;
    case 'dead-peer-idle':
      return 'Idle, and the peer is dead';
    case 'dead-peer-data':
      return 'Data in flight to a dead peer, or into a middlebox that has forgotten';
    case 'zero-window':
      return 'Data waits, and the peer answers but keeps its window closed';
    case 'dead-peer-zero-window':
      return 'Data waits before a closed window, and the peer is dead';
    default:
      return scenario satisfies never;
  }
}

type Row = readonly [at: string, text: string, paint?: (line: string) => string];

/** A run of the same is told by its first and its last. */
function eventRows({ event, atMs, count, everyMs, lastAtMs }: SimulatedEvent, goesOn: boolean): Row[] {
  const what = EVENT_WORDS[event];
  const at = formatDuration(atMs);
  if (everyMs === null) return [[at, goesOn ? `${what}, and so on` : what]];
  const pace = `then every ${formatDuration(everyMs)}`;
  if (goesOn) return [[at, `${what}, ${pace}`]];
  return [
    [at, `${what}, ${pace}`],
    [formatDuration(lastAtMs), `the last of ${count}`],
  ];
}

const EVENT_WORDS: Record<SimulatedEvent['event'], string> = {
  'probe-answered': 'keepalive probe, answered',
  'probe-unanswered': 'keepalive probe, no answer',
  'middlebox-forgets': 'the middlebox forgets the connection',
  'loss-probe': 'the data again, as tail loss probe',
  retransmission: 'retransmission',
  'window-probe-answered': 'window probe, answered',
  'window-probe-unanswered': 'window probe, no answer',
};

/** That a dead peer is given up is as it should be; that a living one is, is not. */
function endRow({ paint, glyph }: Page, { scenario, end }: SimulatedScenario): Row {
  const isWrong = !scenario.startsWith('dead-peer-');
  switch (end.kind) {
    case 'alive':
      return ['', `${glyph.fine} survives`, paint.fine];
    case 'unnoticed':
      return ['', `${glyph.error} never noticed: nothing is sent that could find out`, paint.error];
    case 'forgotten':
      return ['', `${glyph.error} lost: keepalive probes do not reach its timer`, paint.error];
    case 'given-up': {
      const text = `given up, ETIMEDOUT: ${REASONS[end.by]}${spread(end)}`;
      const at = formatDuration(end.atMs);
      return isWrong ? [at, `${glyph.error} ${text}`, paint.error] : [at, text];
    }
    default:
      return end satisfies never;
  }
}

const REASONS: Record<Extract<SimulatedEnd, { kind: 'given-up' }>['by'], string> = {
  'probe-count': 'the probe count is used up',
  'user-timeout': 'the user timeout has passed',
  retries: 'tcp_retries2 is used up',
};

/** How far the kernel's coarse timers spread the end; nothing when people would read the same time. */
function spread({ atMs, earliestMs, latestMs }: Extract<SimulatedEnd, { kind: 'given-up' }>): string {
  const [at, from, to] = [atMs, earliestMs, latestMs].map(formatDuration);
  if (from === at && to === at) return '';
  return from === at ? ` (at the latest ${to})` : ` (from ${from} to ${to})`;
}
