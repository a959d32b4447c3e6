import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'ASP.NET Core Kestrel',
  source: 'https://github.com/dotnet/aspnetcore/blob/main/src/Servers/Kestrel/Core/src/KestrelServerLimits.cs',
  note: 'a little more than the 2 min that SocketsHttpHandler kept before .NET 6',
  keepalive: null,
  http: {
    aliases: ['kestrel'],
    serverHeader: /^kestrel/i,
    where: 'Program.cs',
    server: { idleClose: { value: 130_000, setting: 'Limits.KeepAliveTimeout' } },
    write: {
      idleClose: (ms) => [
        `builder.WebHost.ConfigureKestrel(o => o.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(${secondsUp(ms)}));`,
      ],
    },
  },
} satisfies StackFacts;
