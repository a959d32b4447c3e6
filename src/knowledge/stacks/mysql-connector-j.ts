import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'MySQL Connector/J, with the timers of the host',
  source:
    'https://github.com/mysql/mysql-connector-j/blob/cf2917ea44ae2e43a4514a33771035aa99de73bf/src/main/core-api/java/com/mysql/cj/conf/PropertyDefinitions.java',
  note: '9.1: on without being told',
  keepalive: 'host',
  switchOn: (values) => ['jdbc:mysql://HOST/DATABASE?tcpKeepAlive=true', sysctlLine(values)],
} satisfies StackFacts;
