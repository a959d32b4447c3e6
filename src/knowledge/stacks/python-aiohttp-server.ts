import { type StackFacts, secondsUp } from '../stack.ts';

/** AppRunner without run_app keeps connections for 3630 s instead. */
export const stack = {
  name: 'aiohttp.web, through run_app',
  source: 'https://pypi.org/project/aiohttp/3.14.3/',
  note: 'aiohttp/web.py, web_protocol.py and tcp_helpers.py of 3.14.3; TCP keepalive has the timers of the host',
  keepalive: 'host',
  http: {
    aliases: ['aiohttp-server'],
    serverHeader: /\baiohttp\b/i,
    where: 'where the application is started',
    server: {
      idleClose: { value: 75_000, setting: 'keepalive_timeout' },
      maxRequests: { value: 'never', setting: null },
    },
    write: { idleClose: (ms) => [`web.run_app(app, keepalive_timeout=${secondsUp(ms)})`] },
  },
} satisfies StackFacts;
