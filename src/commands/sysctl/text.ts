import { formatDuration } from '../../base/units.ts';
import { argumentOf, namedTimeout } from '../../keepalive/wording.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table, wrap } from '../../output/text-layout.ts';
import type { SysctlData, SysctlSetting } from './report.ts';

const GROUPS: Record<SysctlSetting['group'], string> = {
  keepalive: 'keepalive',
  retry: 'retransmission',
  'time-wait': 'TIME_WAIT',
  ports: 'ports of outgoing connections',
  conntrack: 'connection tracking of this host',
};

export const view: View<SysctlData> = {
  body: (page, report) => body(page, report.data),
};

/** Blocks of lines: what the settings amount to, the settings by group, and the sysctl.d file that was asked for, ready to paste. */
function body(page: Page, data: SysctlData): string[][] {
  const absent = data.settings.filter((setting) => setting.value === null);
  return [
    fields(page, summary(data)),
    ...groupNames().map((group) => groupLines(page, group, data.settings)),
    absentLines(page, absent),
    data.recommended ?? [],
  ];
}

function summary(data: SysctlData): [label: string, text: string][] {
  const { pid, firstProbeAfterMs, deadAfterMs, deadWriteAfterMs, connectionsPerSecond, keepaliveAppliesTo } = data;
  const duration = (ms: number | null, what = ''): string => (ms === null ? 'not known' : formatDuration(ms) + what);
  return [
    ...(pid === null ? [] : [['network namespace of', `process ${pid}`] satisfies [string, string]]),
    ['first probe after', duration(firstProbeAfterMs, ' of silence')],
    ['dead peer after', duration(deadAfterMs, ', when idle')],
    [
      'dead write hangs',
      deadWriteAfterMs === null
        ? 'not known'
        : `${formatDuration(deadWriteAfterMs.lowerMs)} to ${formatDuration(deadWriteAfterMs.upperMs)}, unless TCP_USER_TIMEOUT is set`,
    ],
    [
      'new connections',
      connectionsPerSecond === null
        ? 'not known'
        : `${connectionsPerSecond} a second to one address and port, when this side closes first`,
    ],
    ['judged against', judgedAgainst(data)],
    ['touches only', `${keepaliveAppliesTo}: without SO_KEEPALIVE no probe is sent, whatever the values`],
  ];
}

function judgedAgainst({ middleboxes, middlebox }: SysctlData): string {
  if (middleboxes.length === 0) return 'no middlebox: give --middlebox or --middlebox-timeout';
  return middleboxes
    .map((box) => {
      const decides = middleboxes.length > 1 && middlebox !== null && argumentOf(middlebox) === argumentOf(box);
      const remark =
        box.keepaliveRefreshes === false ? ', out of reach of keepalive' : decides ? ', which decides' : '';
      return `${namedTimeout(box)}${remark}`;
    })
    .join('; ');
}

function groupNames(): SysctlSetting['group'][] {
  return Object.keys(GROUPS) as SysctlSetting['group'][]; // GROUPS has exactly these keys
}

function groupLines(page: Page, group: SysctlSetting['group'], settings: readonly SysctlSetting[]): string[] {
  const present = settings.filter((setting) => setting.group === group && setting.value !== null);
  if (present.length === 0) return [];
  const rows = present.map((setting) => [lastPart(setting.name), describeValue(page, setting), setting.meaning]);
  const MEANING_COLUMN = 2;
  const legend = present.some(({ differs }) => differs === true) ? '  (* differs from the default, in brackets)' : '';
  return [
    page.paint.strong(GROUPS[group]) + page.paint.dim(legend),
    ...table(page, ['setting', 'value', 'meaning'], rows, MEANING_COLUMN),
  ];
}

/** `7200 s`, or `300 s * (7200)` where the kernel's default is another. */
function describeValue(page: Page, { value, unit, differs, default: standard }: SysctlSetting): string {
  const text = shorten(value ?? '');
  const shown = text === '' ? 'none' : unit === null ? text : `${text} ${unit}`;
  return differs === true ? page.paint.strong(`${shown} * (${standard === '' ? 'none' : standard})`) : shown;
}

/** A list of reserved ports can have thousands of entries: as many as fit, the rest is in the JSON form. */
function shorten(list: string): string {
  const LONGEST = 24;
  return list.length <= LONGEST ? list : `${list.slice(0, list.lastIndexOf(',', LONGEST - 4) + 1)}...`;
}

/** What is not there, with the reason: one line for all settings that share it. */
function absentLines(page: Page, settings: readonly SysctlSetting[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { reason, name } of settings) {
    const key = reason ?? 'not read';
    byReason.set(key, [...(byReason.get(key) ?? []), lastPart(name)]);
  }
  return [...byReason]
    .flatMap(([reason, names]) => wrap(`${names.join(', ')}: ${reason}`, page.width, 2))
    .map((line) => page.paint.dim(line));
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
