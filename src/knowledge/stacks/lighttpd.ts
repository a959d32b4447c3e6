import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'lighttpd',
  source: 'https://github.com/lighttpd/lighttpd1.4/blob/2ddc51389a139d2b08daf310596c951c1d53dc8d/src/configfile.c',
  note: 'run with 1.4.69: closed up to a second later',
  confidence: 'observed',
  keepalive: null,
  http: {
    serverHeader: /^lighttpd/i,
    where: 'lighttpd.conf',
    server: {
      idleClose: { value: 5000, setting: 'server.max-keep-alive-idle' },
      maxRequests: { value: 1000, setting: 'server.max-keep-alive-requests' },
    },
    write: { idleClose: (ms) => [`server.max-keep-alive-idle = ${secondsUp(ms)}`] },
  },
} satisfies StackFacts;
