import { type StackFacts, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Elasticsearch, in elasticsearch.yml',
  source:
    'https://github.com/elastic/elasticsearch/blob/5b5e427763bb51e9ddd4c3c91930b982b74c9537/docs/reference/elasticsearch/configuration-reference/networking-settings.md',
  note: 'the timers of the host, unless set to at most 300',
  keepalive: 'host',
  switchOn: ({ idleMs, intervalMs, count }) => [
    `network.tcp.keep_idle: ${Math.min(300, wholeSeconds(idleMs))}`,
    `network.tcp.keep_interval: ${Math.min(300, wholeSeconds(intervalMs))}`,
    `network.tcp.keep_count: ${count}`,
  ],
} satisfies StackFacts;
