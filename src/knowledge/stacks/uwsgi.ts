import { sysctlLine } from '../../keepalive/remedy.ts';
import { type StackFacts, secondsUp } from '../stack.ts';

/** Its HTTP router closes after each response unless http-keepalive is set. */
export const stack = {
  name: 'uWSGI HTTP router',
  source: 'https://github.com/unbit/uwsgi/blob/6cbb2177ae48af91d2799ff3135abda545cf634c/plugins/http/http.c',
  note: '2.0.30',
  keepalive: null,
  http: {
    server: { reuse: false },
    write: {
      keepOpen: () => ['http-keepalive = 75'],
      idleClose: (ms) => [`http-keepalive = ${secondsUp(ms)}`],
      tcpKeepaliveOnAccepted: (values) => [
        'so-keepalive = true',
        `# with the timers of the host: ${sysctlLine(values)}`,
      ],
    },
  },
} satisfies StackFacts;
