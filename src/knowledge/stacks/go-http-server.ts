import { GO_KEEPALIVE, type StackFacts, secondsUp } from '../stack.ts';

/** IdleTimeout 0 falls back to ReadTimeout, and that to no limit. */
export const stack = {
  name: 'Go net/http Server',
  source: null,
  note: 'src/net/http/server.go',
  confidence: 'read-without-address',
  keepalive: GO_KEEPALIVE,
  http: {
    aliases: ['go-server'],
    server: { idleClose: { value: 'never', setting: 'IdleTimeout' }, maxRequests: { value: 'never', setting: null } },
    write: { idleClose: (ms) => [`server := &http.Server{IdleTimeout: ${secondsUp(ms)} * time.Second}`] },
  },
} satisfies StackFacts;
