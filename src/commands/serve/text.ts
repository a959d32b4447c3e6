import { endpoint } from '../../base/endpoint.ts';
import { formatDuration, plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { fields, type Page, table } from '../../output/text-layout.ts';
import type { ServeData } from './report.ts';

/** Has room at any width: an address must not be cut. */
const CONNECTIONS_COLUMN = 1;

export const view: View<ServeData> = { body: (page, report) => body(page, report.data) };

/** Where it listened, what came, and from whom. */
function body(page: Page, data: ServeData): string[][] {
  const { host, port, mode, maxConnections, listenedMs, endedBy, otherClients, clients } = data;
  const place = endpoint(host, port);
  return [
    fields(page, [
      [
        'listened on',
        `${place}, ${mode}, for ${formatDuration(listenedMs)}, ended by ${endedBy === 'time' ? '--for' : 'a signal'}`,
      ],
      [
        'connections',
        `${data.accepted} taken, ${data.peak} at once at most (limit ${maxConnections}), ${data.open} open at the end, ${data.refused} turned away`,
      ],
      ['spoke first', plural(data.spoken, 'time')],
      ['received', plural(data.receivedBytes, 'byte')],
      ['sent', plural(data.sentBytes, 'byte')],
      ...(otherClients === 0
        ? []
        : [['not listed', `${plural(otherClients, 'connection')} of other addresses`] satisfies [string, string]]),
    ]),
    clients.length === 0
      ? ['Nobody connected.']
      : table(
          page,
          ['client', 'connections', 'received', 'sent'],
          clients.map(({ address, connections, receivedBytes, sentBytes }) =>
            [address, connections, receivedBytes, sentBytes].map(String),
          ),
          CONNECTIONS_COLUMN,
        ),
  ];
}
