import { type StackFacts, secondsDown } from '../stack.ts';

/** As a server it gives no idle connection up unless HttpServerOptions.setIdleTimeout says so. */
export const stack = {
  name: 'Vert.x HTTP client',
  source:
    'https://github.com/eclipse-vertx/vert.x/blob/d9e1080b4b8eeeb1d35522640e639055f0e4f645/vertx-core/src/main/java/io/vertx/core/http/HttpClientOptions.java',
  note: '5.x',
  keepalive: null,
  http: {
    client: { poolIdle: { value: 60_000, setting: 'keepAliveTimeout' } },
    write: { poolIdle: (ms) => [`new HttpClientOptions().setKeepAliveTimeout(${secondsDown(ms)})`] },
  },
} satisfies StackFacts;
