import { type Stack, secondsDown } from '../stack.ts';

export const stack = {
  id: 'dotnet-socketshttphandler',
  name: '.NET SocketsHttpHandler',
  schemes: [],
  http: {
    role: 'client',
    aliases: ['dotnet', 'httpclient'],
    source: {
      url: null,
      note: '1 minute in current .NET, 2 minutes before (recalled); TCP keepalive off is recalled',
      confidence: 'read-without-address',
    },
    client: {
      poolIdle: { value: 60_000, setting: 'PooledConnectionIdleTimeout' },
      tcpKeepalive: null,
    },
    write: {
      poolIdle: (ms) => [
        `new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(${secondsDown(ms)}) };`,
      ],
    },
  },
} satisfies Stack;
