import { endpoint } from '../../base/endpoint.ts';
import { formatDuration, plural } from '../../base/units.ts';
import { describeCertificate, describeConnect } from '../../connections/endpoint-words.ts';
import type { HttpIdleSample, HttpRace, HttpRaceSample } from '../../connections/http/observation.ts';
import { labelOf } from '../../keepalive/wording.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table } from '../../output/text-layout.ts';
import type { HttpData } from './report.ts';

type Field = readonly [label: string, text: string];

export const view: View<HttpData> = { body: (page, report) => body(page, report.data) };

/** What the server answered, whether and how long it keeps a connection, and the race as a picture. */
function body(page: Page, data: HttpData): string[][] {
  return [
    [page.paint.strong(data.url), ...fields(page, summary(data))],
    idleTable(page, data.idleSamples),
    raceView(page, data.race),
  ];
}

function summary(data: HttpData): Field[] {
  const { givenUrl, url, connect, address, port, certificate, http2Offered, redirects, doubts } = data;
  return [
    ...(givenUrl === url ? [] : [['asked for', givenUrl] satisfies Field]),
    ['connection', describeConnect(connect, address === null ? null : endpoint(address, port))],
    ...(certificate === undefined ? [] : [['certificate', describeCertificate(certificate)] satisfies Field]),
    ['answer', describeAnswer(data)],
    ...redirects.map(
      ({ status, location, followed }): Field => [
        'redirect',
        `${status} to ${location}, ${followed ? 'followed' : 'not followed'}`,
      ],
    ),
    ['kept', describeKept(data)],
    ...(data.hint === null ? [] : [['hint', describeHint(data.hint)] satisfies Field]),
    ...(data.requestsPerConnection === null ? [] : [['requests', describeRequests(data)] satisfies Field]),
    ...(data.persistent.value === true ? [['idle close', describeIdleClose(data)] satisfies Field] : []),
    ...(data.race === null ? [] : [['race', describeRace(data.race)] satisfies Field]),
    ...(http2Offered === null
      ? []
      : [
          [
            'HTTP/2',
            http2Offered
              ? 'the server chooses it when it is offered; what is measured here is HTTP/1.1'
              : 'not chosen by the server when it is offered',
          ] satisfies Field,
        ]),
    ...describeJudged(data),
    ...doubts.map((doubt, index): Field => [index === 0 ? 'doubts' : '', doubt]),
  ];
}

function describeAnswer({
  protocol,
  status,
  statusMessage,
  server,
  framing,
  method,
  requestVersion,
  exchanges,
}: HttpData): string {
  if (protocol === null || status === null) return 'none';
  const [first] = exchanges;
  const body = {
    'content-length': 'Content-Length says how long the body is',
    chunked: 'the body comes in chunks',
    close: 'the body ends with the connection',
    none: 'no body',
  };
  const size =
    first === undefined || framing === null || framing === 'none' ? '' : ` (${plural(first.bodyBytes, 'byte')})`;
  return [
    `${protocol} ${status} ${statusMessage ?? ''}`.trim(),
    `to ${method} in HTTP/${requestVersion}`,
    ...(server === null ? [] : [`Server ${server}`]),
    ...(framing === null ? [] : [`${body[framing]}${size}`]),
  ].join('; ');
}

function describeKept({ persistent: { value, detail, also } }: HttpData): string {
  if (value === null) return 'not measured';
  const more = also.length === 0 ? '' : ` (besides: ${also.join(', ')})`;
  return `${value ? 'yes' : 'no'}: ${detail ?? 'no reason known'}${more}`;
}

function describeHint({ timeoutMs, max }: Exclude<HttpData['hint'], null>): string {
  return [
    ...(timeoutMs === null ? [] : [`the server promises ${formatDuration(timeoutMs)} of idle time`]),
    ...(max === null ? [] : [`${plural(max, 'further request')}`]),
  ].join(', ');
}

function describeRequests({ requestsPerConnection, reused }: HttpData): string {
  if (requestsPerConnection === null) return 'not measured';
  const { count, limited, announced, localPort } = requestsPerConnection;
  const on = `${plural(count, 'request')} on one connection${localPort === null ? '' : ` (from port ${localPort})`}`;
  if (!limited) return `${on}; the server had not ended it by then`;
  if (reused === false && announced === true) return `${on}, as announced by Connection: close`;
  return `${on}, then the server ended it, ${announced === true ? 'announced by Connection: close' : 'unannounced'}`;
}

function describeIdleClose({ idleClose, idleSamples }: HttpData): string {
  if (idleClose === null) return 'not waited for';
  if (idleClose.lowerMs === null || idleClose.outcome === 'unmeasured') return 'not measured';
  const { lowerMs, upperMs, outcome } = idleClose;
  const among = `${plural(idleSamples.length, 'connection')}`;
  switch (outcome) {
    case 'alive':
      return `none within ${exact(lowerMs)}: still open, and the far end answers (${among})`;
    case 'stalled':
      return `none seen, but after ${exact(lowerMs)} the far end no longer answers (${among})`;
    default: {
      const how = { closed: 'closed (FIN)', reset: 'reset (RST)', unreachable: 'unreachable' }[outcome];
      const when =
        upperMs === null
          ? `from ${exact(lowerMs)} on, some still open in the end`
          : exact(lowerMs) === exact(upperMs)
            ? `after ${exact(lowerMs)}`
            : `after ${exact(lowerMs)} to ${exact(upperMs)}`;
      return `${how} by the server ${when} without a request (${among})`;
    }
  }
}

/** With hundredths of a second, where a second tells nothing. */
function exact(ms: number): string {
  return ms < 1000 ? formatDuration(ms) : `${(ms / 1000).toFixed(2)} s`;
}

function describeRace({ samples, answeredCount, unforeseenCount, foreseeableCount }: HttpRace): string {
  return (
    `${plural(samples.length, 'second request')} around the close: ${answeredCount} answered, ` +
    `${unforeseenCount} failed before there was a sign of it, ${foreseeableCount} after`
  );
}

function describeJudged({ senders, middleboxes, idleClose }: HttpData): Field[] {
  if (idleClose === null) return [];
  const all = [
    ...senders.map(
      ({ name, givesUpAfterMs }) =>
        `${name}: ${givesUpAfterMs === null ? 'never gives up' : `gives up after ${formatDuration(givesUpAfterMs)}`}`,
    ),
    ...middleboxes.map((box) => `${labelOf(box)}: forgets after ${formatDuration(box.idleTimeoutMs)}`),
  ];
  return [
    [
      'judged by',
      all.length === 0 ? 'nothing: --client-idle, --proxy-idle or --middlebox says who sends requests' : all.join(', '),
    ],
  ];
}

/** Only where the connections differ in more than their time. */
function idleTable(page: Page, samples: readonly HttpIdleSample[]): string[] {
  const odd = samples.some(
    ({ outcome, lastWords, reason }) => outcome !== samples[0]?.outcome || lastWords !== null || reason !== null,
  );
  if (!odd) return [];
  return table(
    page,
    ['idle from port', 'outcome', 'after', 'detail'],
    samples.map(({ localPort, outcome, idleMs, error, lastWords, reason }) => [
      localPort === null ? '-' : String(localPort),
      outcome === 'unmeasured' ? 'not measured' : outcome,
      idleMs === null ? '-' : exact(idleMs),
      reason ?? lastWords ?? error ?? '-',
    ]),
    3,
  );
}

/** Ages from left to right, each request a sign: those that were answered in one line, those that failed in the next two. */
function raceView(page: Page, race: HttpRace | null): string[] {
  if (race === null) return [];
  const sent = race.samples.flatMap((sample) => (sample.idleMs === null ? [] : [{ ...sample, idleMs: sample.idleMs }]));
  const ages = sent.map(({ idleMs }) => idleMs);
  if (ages.length === 0) return [];
  const [first, last] = [Math.min(...ages), Math.max(...ages)];
  const LABEL = 14;
  const columns = Math.min(page.width, 100) - LABEL;
  const columnOf = (ms: number): number =>
    last === first ? 0 : Math.round(((ms - first) / (last - first)) * (columns - 1));
  const line = (label: string, belongs: (sample: HttpRaceSample) => boolean, sign: string): string => {
    const taken = new Set(sent.filter(belongs).map(({ idleMs }) => columnOf(idleMs)));
    const signs = Array.from({ length: columns }, (_, column) => (taken.has(column) ? sign : ' ')).join('');
    return `${page.paint.dim(label.padEnd(LABEL))}${signs}`.trimEnd();
  };
  const [from, to] = [exact(first), exact(last)];
  const [lived, died, axis] = page.unicode ? ['•', '✗', '─'] : ['o', 'x', '-'];
  return [
    line('answered', ({ result }) => result === 'answered', lived),
    line('no sign, lost', ({ result, endVisible }) => result === 'failed' && endVisible === false, died),
    line('closed, lost', ({ result, endVisible }) => result === 'failed' && endVisible !== false, died),
    page.paint.dim(`${''.padEnd(LABEL)}${axis.repeat(columns)}`),
    page.paint.dim(`${'idle for'.padEnd(LABEL)}${from}${to.padStart(Math.max(1, columns - from.length))}`),
  ];
}
