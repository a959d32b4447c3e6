import { type Stack, secondsUp } from '../stack.ts';

export const stack = {
  id: 'uvicorn',
  name: 'uvicorn',
  schemes: [],
  http: {
    role: 'app',
    source: {
      url: 'https://pypi.org/project/uvicorn/0.54.0/',
      note: 'uvicorn/config.py and main.py of 0.54.0',
      confidence: 'verified-by-reading',
    },
    server: {
      idleClose: { value: 5000, setting: '--timeout-keep-alive' },
      maxRequests: { value: 'never', setting: null },
      tcpKeepalive: null,
    },
    write: {
      idleClose: (ms) => [`uvicorn app:app --timeout-keep-alive ${secondsUp(ms)}`],
    },
  },
} satisfies Stack;
