import { type StackFacts, wholeSeconds } from '../stack.ts';

/** As for the client: the messages of ClientAlive are the only ones with a timer of their own. */
export const stack = {
  name: 'OpenSSH server, in /etc/ssh/sshd_config',
  processes: ['sshd'],
  source: 'https://github.com/openssh/openssh-portable/blob/0ef0f5a839831c213f24e3f2ae434765c607fb50/sshd_config.5',
  note: '10.5p1; ClientAliveInterval is off',
  keepalive: 'host',
  switchOn: ({ idleMs, count }) => [`ClientAliveInterval ${wholeSeconds(idleMs)}`, `ClientAliveCountMax ${count}`],
} satisfies StackFacts;
