import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'RabbitMQ, in rabbitmq.conf, with the timers of the host',
  source:
    'https://github.com/rabbitmq/rabbitmq-server/blob/6e5553c92c30eda5544547ef5e3da3b45586dbb7/deps/rabbit/docs/rabbitmq.conf.example',
  note: 'AMQP heartbeat 60 s; TCP keepalive off is recalled',
  keepalive: null,
  switchOn: (values) => ['tcp_listen_options.keepalive = true', `# on the host: ${sysctlLine(values)}`],
} satisfies StackFacts;
