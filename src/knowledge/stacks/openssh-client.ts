import { type StackFacts, wholeSeconds } from '../stack.ts';

/** TCPKeepAlive is on, with the timers of the host. ServerAlive goes through the encrypted channel, so it also notices a dead server. */
export const stack = {
  name: 'OpenSSH client, in ~/.ssh/config',
  processes: ['ssh'],
  source: 'https://github.com/openssh/openssh-portable/blob/a9b90859d252c2f5a24142f985d38610ac74685f/ssh_config.5',
  note: 'ServerAliveInterval is off; Debian sets 300 s with BatchMode',
  keepalive: 'host',
  switchOn: ({ idleMs, count }) => [
    'Host *',
    `    ServerAliveInterval ${wholeSeconds(idleMs)}`,
    `    ServerAliveCountMax ${count}`,
  ],
} satisfies StackFacts;
