import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'dotnet-kestrel',
  name: 'ASP.NET Core Kestrel',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['kestrel'],
    source: { url: null, note: 'secondary evidence', confidence: 'read-without-address' },
    server: {
      idleClose: { value: 130_000, setting: 'Limits.KeepAliveTimeout' },
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [
        `builder.WebHost.ConfigureKestrel(o => o.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(${secondsUp(ms)}));`,
      ],
    },
  },
} satisfies Stack;
