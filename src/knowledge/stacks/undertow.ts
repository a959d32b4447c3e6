import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'Undertow (WildFly, Spring Boot up to 3)',
  source:
    'https://github.com/undertow-io/undertow/blob/c8299de0962021894d614a9209d42addb426c4bd/core/src/main/java/io/undertow/Undertow.java',
  note: '2.2 and 2.3; as long as the pool of nginx and of an ALB, so raise it. In Spring Boot: server.undertow.no-request-timeout',
  keepalive: null,
  http: {
    aliases: ['wildfly'],
    server: { idleClose: { value: 60_000, setting: 'NO_REQUEST_TIMEOUT' } },
    write: { idleClose: (ms) => [`.setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, ${secondsUp(ms) * 1000})`] },
  },
} satisfies StackFacts;
