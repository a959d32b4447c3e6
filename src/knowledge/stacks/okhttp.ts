import { type Stack, secondsDown } from '../stack.ts';

export const stack = {
  id: 'okhttp',
  name: 'OkHttp',
  schemes: [],
  http: {
    role: 'client',
    source: {
      url: 'https://github.com/square/okhttp/blob/22801c27e731be602f6427d4baa93114c1fcff13/okhttp/src/main/kotlin/okhttp3/ConnectionPool.kt',
      note: 'TCP keepalive off is recalled',
      confidence: 'verified-by-reading',
    },
    client: {
      poolIdle: { value: 300_000, setting: 'ConnectionPool keepAliveDuration' },
      poolSize: { value: 5, setting: 'ConnectionPool maxIdleConnections' },
      tcpKeepalive: null,
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
} satisfies Stack;
