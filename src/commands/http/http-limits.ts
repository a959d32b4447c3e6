/** Numbers and lines that make the two ends of a kept connection agree: the sender of requests must give up first. */
import { formatDuration } from '../../base/units.ts';

/** What the delay of the path, coarse timers and a stalled event loop ask for at the least, and at the most. */
const LEAST_MARGIN_MS = 1000;
const MOST_MARGIN_MS = 5000;

/** By how much a receiver's idle close is to outlast its sender's limit. */
export function marginFor(idleMs: number): number {
  return Math.min(MOST_MARGIN_MS, Math.max(LEAST_MARGIN_MS, idleMs / 10));
}

/** Seconds as settings have them, down; what timers and the path took from a whole one is given back. */
export function wholeSeconds(ms: number): number {
  return Math.floor((ms + 50) / 1000);
}

/** The lines that let senders give up before a server that closes after `closeMs`. */
export function senderLines(closeMs: number): string[] {
  const idleMs = closeMs > 2 * LEAST_MARGIN_MS ? closeMs - marginFor(closeMs) : closeMs / 2;
  const text = formatDuration(idleMs >= 950 ? wholeSeconds(idleMs) * 1000 : idleMs);
  return ['# let the sender give idle connections up first (client pool, upstream):', `# pool idle at most ${text}`];
}

/** The lines that let a server hold idle connections for longer than a sender that gives up after `senderIdleMs`, by what its header Server says. */
export function serverLines(server: string | null, senderIdleMs: number): string[] {
  const seconds = Math.ceil((senderIdleMs + marginFor(senderIdleMs)) / 1000);
  const name = (server ?? '').toLowerCase();
  const known = SERVERS.find(({ begins }) => name.startsWith(begins));
  if (known !== undefined) return [`# ${known.where}:`, known.line(seconds)];
  return [
    `# the server's idle time, ${seconds} s or more, for example in Node:`,
    `server.keepAliveTimeout = ${seconds * 1000};`,
  ];
}

/** Where the header Server names a product whose setting is known. */
const SERVERS: readonly { begins: string; where: string; line: (seconds: number) => string }[] = [
  {
    begins: 'nginx',
    where: 'nginx.conf, in http, server or location',
    line: (seconds) => `keepalive_timeout ${seconds}s;`,
  },
  {
    begins: 'openresty',
    where: 'nginx.conf, in http, server or location',
    line: (seconds) => `keepalive_timeout ${seconds}s;`,
  },
  {
    begins: 'gunicorn',
    where: 'gunicorn.conf.py, with a worker class other than sync',
    line: (seconds) => `keepalive = ${seconds}`,
  },
  { begins: 'uvicorn', where: 'on the command line', line: (seconds) => `uvicorn --timeout-keep-alive ${seconds}` },
  {
    begins: 'apache-coyote',
    where: 'server.xml, in the Connector',
    line: (seconds) => `keepAliveTimeout="${seconds * 1000}"`,
  },
  { begins: 'apache', where: 'httpd.conf', line: (seconds) => `KeepAliveTimeout ${seconds}` },
];

/** The header Server as evidence; nothing where there was none. */
export function serverIn({ server }: { server: string | null }): { server?: string } {
  return server === null ? {} : { server };
}
