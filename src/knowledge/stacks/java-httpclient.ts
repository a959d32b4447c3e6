import { type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: 'java.net.http.HttpClient',
  source:
    'https://github.com/openjdk/jdk/blob/48f24ab5d71c10c5c741d9f9dfd368a0226e9180/src/java.net.http/share/classes/module-info.java',
  note: '30 s in current JDKs, 1200 s before 20 (recalled); no SO_KEEPALIVE with OpenJDK 17',
  keepalive: null,
  http: {
    client: { poolIdle: { value: 30_000, setting: 'jdk.httpclient.keepalive.timeout' } },
    write: { poolIdle: (ms) => [`-Djdk.httpclient.keepalive.timeout=${secondsDown(ms)}`] },
  },
} satisfies StackFacts;
