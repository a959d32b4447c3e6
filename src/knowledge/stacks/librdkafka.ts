import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'librdkafka and confluent-kafka, with the timers of the host',
  source: 'https://github.com/confluentinc/librdkafka/blob/4c3b017c3de8d9c10de12b9eec0ea688e8d5787d/src/rdkafka_conf.c',
  note: '2.15.0; connections.max.idle.ms is 0, never, but 230 s where bootstrap.servers has azure in it and 540 s for share consumers',
  keepalive: null,
  switchOn: (values) => ['socket.keepalive.enable=true', sysctlLine(values)],
} satisfies StackFacts;
