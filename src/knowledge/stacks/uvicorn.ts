import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'uvicorn',
  source: 'https://pypi.org/project/uvicorn/0.54.0/',
  note: 'uvicorn/config.py and main.py of 0.54.0',
  keepalive: null,
  http: {
    serverHeader: /^uvicorn/i,
    where: 'on the command line',
    server: {
      idleClose: { value: 5000, setting: '--timeout-keep-alive' },
      maxRequests: { value: 'never', setting: null },
    },
    write: { idleClose: (ms) => [`uvicorn app:app --timeout-keep-alive ${secondsUp(ms)}`] },
  },
} satisfies StackFacts;
