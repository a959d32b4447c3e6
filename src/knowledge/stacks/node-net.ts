import { type Stack, wholeSeconds } from '../stack.ts';

/** Interval and count are libuv's: 1 s and 10 (Node's net documentation, socket.setKeepAlive). */
export const stack = {
  id: 'node-net',
  name: 'Node net and tls, on a `socket`; libuv then probes every 1 s and gives up after 10 probes',
  schemes: ['tcp', 'tls'],
  rank: 11,
  switchOn({ idleMs }) {
    return [`socket.setKeepAlive(true, ${wholeSeconds(idleMs) * 1000});`];
  },
} satisfies Stack;
