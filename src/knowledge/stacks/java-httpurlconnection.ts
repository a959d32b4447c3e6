import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'java.net.HttpURLConnection',
  source: null,
  note: 'run with JDK 17.0.15: 5 s without a hint, and closed by a sweep every 5 s. That a POST is sent again is recalled',
  confidence: 'observed',
  keepalive: null,
  http: {
    aliases: ['httpurlconnection'],
    client: {
      poolIdle: { value: 5000, setting: null },
      poolSize: { value: 5, setting: 'http.maxConnections' },
      honoursHint: false,
    },
    write: { poolSize: (count) => [`-Dhttp.maxConnections=${count}`], noReuse: () => ['-Dhttp.keepAlive=false'] },
  },
} satisfies StackFacts;
