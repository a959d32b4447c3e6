import { formatDuration } from '../../base/units.ts';
import type { Dropper, Survival, SurvivalArm } from '../../connections/observation.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, wrap } from '../../output/text-layout.ts';
import type { LabData, LabFirewall, LabNetworkHost } from './report.ts';

export const view: View<LabData> = { body: (page, report) => body(page, report.data) };

/** What was built, what was done in it, what became of the connections, which box it was, what helps. */
function body(page: Page, data: LabData): string[][] {
  const { network, demonstration, privilege, command, fix } = data;
  const [target] = demonstration?.targets ?? [];
  const rights = privilege === 'root' ? 'with the rights of root' : 'in a user namespace, without any rights';
  return [
    [...drawing(page, network), ...ruleLines(page, data)],
    [
      ...wrap(`This network stood on this machine, ${rights}, and is gone. On its client kaprobe ran`, page.width),
      `  ${page.paint.strong(command.join(' '))}`,
    ],
    ...(target === undefined
      ? []
      : target.survival === null
        ? [[`No connection idled: ${target.target} was ${target.connect.kind}`]]
        : [survivalLines(page, target.survival), boxLines(page, data, target.survival, target.dropper)]),
    fix === null ? [] : ['What helped, as lines for your own program', ...fix.map((line) => `    ${line}`)],
    wrap(
      'For a program of your own in such a network: kaprobe lab -- COMMAND, which finds the server in KAPROBE_LAB_TARGET.',
      page.width,
    ).map(page.paint.dim),
  ];
}

/** Names over addresses, from the client to the server, in as many rows as the width asks for; the firewalls stand out. */
function drawing(page: Page, network: readonly LabNetworkHost[]): string[] {
  const LINK = 3;
  const server = network.at(-1);
  const rows: LabNetworkHost[][] = [];
  let room = 0;
  for (const host of network) {
    const width = widthOf(host) + (host === server ? 0 : LINK);
    if (room < width) {
      rows.push([]);
      room = page.width;
    }
    rows.at(-1)?.push(host);
    room -= width;
  }
  const dash = page.unicode ? '─' : '-';
  return rows.flatMap((row) => [
    row
      .map((host) => {
        const name = host.firewall === null ? host.name : page.paint.strong(host.name.toUpperCase());
        return host === server ? name : `${name} ${dash.repeat(widthOf(host) - host.name.length + LINK - 2)} `;
      })
      .join('')
      .trimEnd(),
    page.paint.dim(
      row
        .map((host) => host.address.padEnd(widthOf(host) + LINK))
        .join('')
        .trimEnd(),
    ),
  ]);
}

function widthOf({ name, address }: LabNetworkHost): number {
  return Math.max(name.length, address.length);
}

const EXPIRY_WORDS: Record<LabFirewall['onExpiry'], string> = {
  drop: 'drops what comes then without a word',
  reset: 'answers what comes then with a RST',
  icmp: 'answers what comes then with an ICMP error',
  relearn: 'takes what comes then for a new connection',
};

function ruleLines(page: Page, { network, lossPercent }: LabData): string[] {
  const lines = network.flatMap(({ name, firewall }) => {
    if (firewall === null) return [];
    const { idleTimeoutMs, onExpiry, nat, keepaliveBlind } = firewall;
    const forgets =
      idleTimeoutMs === null
        ? 'does not forget'
        : `forgets a connection after ${formatDuration(idleTimeoutMs)} without ${keepaliveBlind ? 'payload (empty segments do not count)' : 'packets'} and ${EXPIRY_WORDS[onExpiry]}`;
    return [`${name} ${forgets}${nat ? '; it puts its own address in place of the client' : ''}.`];
  });
  if (lossPercent > 0) lines.push(`router-1 loses ${lossPercent} % of all packets, in each direction.`);
  return lines.flatMap((line) => wrap(line, page.width));
}

function survivalLines(page: Page, { askedForMs, arms, conclusion }: Survival): string[] {
  return [
    `What became of the connections after ${formatDuration(askedForMs)} without data`,
    ...arms.map((arm) => `  ${arm.arm.padEnd(11)}  ${outcomeMark(page, arm)}`),
    ...wrap(conclusion, page.width - 2).map((line) => `  ${line}`),
  ];
}

function outcomeMark(page: Page, { outcome, error }: SurvivalArm): string {
  const { glyph, paint } = page;
  if (outcome === 'alive') return paint.fine(`${glyph.fine} alive`);
  if (outcome === 'unmeasured') return paint.warning(`${glyph.unknown} not measured`);
  return paint.error(`${glyph.error} ${outcome}`) + (error === null ? '' : ` (${error})`);
}

/** The box that was named, beside the one that it was: only here is that known. */
function boxLines(
  page: Page,
  { forgetful, namedRight }: LabData,
  { arms }: Survival,
  dropper: Dropper | null,
): string[] {
  const { glyph, paint } = page;
  if (dropper === null && !arms.some(({ outcome }) => outcome === 'stalled')) {
    return ['No connection was dropped in silence, so no box was looked for.'];
  }
  const sides = [
    { hop: dropper?.lastAnsweringHop ?? null, address: dropper?.lastAnsweringAddress ?? null },
    { hop: dropper?.hop ?? null, address: dropper?.address ?? null },
  ];
  const boxes = sides.flatMap(({ hop, address }) =>
    hop === null ? [] : [`hop ${hop}${address === null ? '' : `, ${address}`}`],
  );
  const truth = forgetful === null ? 'none' : `${forgetful.name}: hop ${forgetful.hop}, ${forgetful.address}`;
  const mark =
    namedRight === null
      ? paint.warning(`${glyph.unknown} not named`)
      : namedRight
        ? paint.fine(`${glyph.fine} right`)
        : paint.error(`${glyph.error} wrong`);
  return [
    `The box that drops the stalled connection  ${mark}`,
    ...fields(page, [
      ['named', boxes.length === 0 ? 'none' : boxes.join(', or just behind it ')],
      ['in truth', truth],
    ]),
  ];
}
