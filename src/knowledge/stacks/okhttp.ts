import { type StackFacts, secondsDown } from '../stack.ts';

export const stack = {
  name: 'OkHttp',
  source:
    'https://github.com/square/okhttp/blob/1682d9bac8c03dffde2969b0b74d47649d0dbb52/okhttp/src/commonJvmAndroid/kotlin/okhttp3/ConnectionPool.kt',
  note: '5.4.0, which has no call of setKeepAlive',
  keepalive: null,
  http: {
    client: {
      poolIdle: { value: 300_000, setting: 'ConnectionPool keepAliveDuration' },
      poolSize: { value: 5, setting: 'ConnectionPool maxIdleConnections' },
    },
    write: {
      poolIdle: (ms) => [
        `new OkHttpClient.Builder().connectionPool(new ConnectionPool(5, ${secondsDown(ms)}, TimeUnit.SECONDS)).build();`,
      ],
      poolSize: (count) => [
        `new OkHttpClient.Builder().connectionPool(new ConnectionPool(${count}, 5, TimeUnit.MINUTES)).build();`,
      ],
    },
  },
} satisfies StackFacts;
