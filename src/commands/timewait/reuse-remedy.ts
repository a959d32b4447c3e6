/** What to set so that connections are kept for the next request, and what not. */
import { TIME_WAIT_MS } from '../../keepalive/kernel-timers.ts';
import { stack as gunicorn } from '../../knowledge/stacks/gunicorn.ts';
import { stack as nginx, nginxPool, nginxReuse } from '../../knowledge/stacks/nginx.ts';
import type { TimeWaitFlow } from './report.ts';

/** What people set against TIME_WAIT and should not: ip-sysctl.rst, and commit 4396e46187ca of Linux 4.12. */
export const notToSet: readonly string[] = [
  '# not tcp_tw_recycle: it dropped clients behind a NAT and is gone since Linux 4.12',
  `# not tcp_fin_timeout: it is for FIN-WAIT-2, TIME_WAIT stays ${TIME_WAIT_MS / 1000} s`,
];

/**
 * Lines for this end of a flow and for the other one: both must want to keep a connection. By the names of the processes where they are known
 * to be nginx or gunicorn.
 */
export function reuseLines({ side, service, owners }: Pick<TimeWaitFlow, 'side' | 'service' | 'owners'>): string[] {
  const isOnly = (program: string): boolean => owners.length > 0 && owners.every(({ command }) => command === program);
  const client = (which: string, onlyNginx: boolean): string[] => [
    `# the client, ${which}, keeps a pool; nginx before 1.29.7 needs this for it:`,
    `upstream app { server ${service}; ${nginxPool} }`,
    nginxReuse.join(' '),
    ...(onlyNginx ? [] : ['# a program: one Session, Agent or http.Client for all its requests']),
  ];
  const server = (which: string, onlyGunicorn: boolean): string[] => [
    `# the server, ${which}, keeps connections for longer than that pool does;`,
    '# gunicorn, whose sync workers keep none:',
    `gunicorn ${gunicorn.http.write.keepOpen('command-line').join(' ')}`,
    ...(onlyGunicorn ? [] : ['# nginx:', ...nginx.http.write.keepOpen()]),
  ];
  return side === 'server'
    ? [...server('this end', isOnly('gunicorn')), ...client('the other end', false)]
    : [...client('this end', isOnly('nginx')), ...server('the other end', false)];
}
