import { KERNEL_KEEPALIVE, type Stack, secondsUp } from '../stack.ts';

/** AppRunner without run_app keeps connections for 3630 s instead. */
export const stack = {
  id: 'python-aiohttp-server',
  name: 'aiohttp.web, through run_app',
  schemes: [],
  http: {
    role: 'app',
    aliases: ['aiohttp-server'],
    source: {
      url: 'https://pypi.org/project/aiohttp/3.14.3/',
      note: 'aiohttp/web.py, web_protocol.py and tcp_helpers.py of 3.14.3',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 75_000, setting: 'keepalive_timeout' },
      maxRequests: { value: 'never', setting: null },
      tcpKeepalive: KERNEL_KEEPALIVE,
    },
    write: {
      idleClose: (ms) => [`web.run_app(app, keepalive_timeout=${secondsUp(ms)})`],
    },
  },
} satisfies Stack;
