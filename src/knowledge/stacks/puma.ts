import { type StackFacts, secondsUp } from '../stack.ts';

export const stack = {
  name: 'Puma',
  source: 'https://github.com/puma/puma/blob/cddcbe15ee554d6b78cce0261255b3b41f50ff09/lib/puma/configuration.rb',
  note: '65 s and 999 requests in current releases, 20 s before (recalled)',
  keepalive: null,
  http: {
    server: {
      idleClose: { value: 65_000, setting: 'persistent_timeout' },
      maxRequests: { value: 999, setting: 'max_keep_alive' },
    },
    write: { idleClose: (ms) => [`persistent_timeout ${secondsUp(ms)}`], keepOpen: () => ['enable_keep_alives true'] },
  },
} satisfies StackFacts;
