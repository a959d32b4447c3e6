import { type StackFacts, secondsDown, wholeSeconds } from '../stack.ts';

export const stack = {
  name: '.NET SocketsHttpHandler',
  schemes: ['http', 'https'],
  source: null,
  note: '1 min since .NET 6, 2 min before; TCP keepalive off is recalled',
  confidence: 'read-without-address',
  keepalive: null,
  switchOn: ({ idleMs, intervalMs, count }) => [
    'new SocketsHttpHandler { ConnectCallback = async (context, cancel) => {',
    '    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };',
    '    socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);',
    `    socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, ${wholeSeconds(idleMs)});`,
    `    socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ${wholeSeconds(intervalMs)});`,
    `    socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ${count});`,
    '    await socket.ConnectAsync(context.DnsEndPoint, cancel);',
    '    return new NetworkStream(socket, ownsSocket: true);',
    '} };',
  ],
  http: {
    aliases: ['dotnet', 'httpclient'],
    client: { poolIdle: { value: 60_000, setting: 'PooledConnectionIdleTimeout' } },
    write: {
      poolIdle: (ms) => [
        `new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(${secondsDown(ms)}) };`,
      ],
    },
  },
} satisfies StackFacts;
