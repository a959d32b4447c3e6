import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type KernelSocket, readSockets, type SocketList } from '../../../src/linux/kernel-socket.ts';
import { loadLibc } from '../../../src/linux/libc.ts';
import { openSockDiag } from '../../../src/linux/netlink/sock-diag.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** So many connections over that address, the clients' ends, and sock_diag's word on both ends of each. */
async function connections(
  host: string,
  count: number,
): Promise<{ clients: Socket[]; listed: KernelSocket[]; diag: SocketList }> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, host === '127.0.0.1' ? '::' : host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const clients: Socket[] = [];
  open.push({ close: () => server.close() });
  for (let index = 0; index < count; index += 1) {
    const client = connect(port, host);
    clients.push(client);
    open.push({ close: () => client.destroy() });
    const accepted = once(server, 'connection');
    await once(client, 'connect');
    const [socket] = await accepted;
    open.push({ close: () => socket.destroy() });
  }
  const diag = openSockDiag(await loadLibc());
  open.push({ close: () => diag.close() });
  const listed = readSockets(diag, { states: ['established'], withInfo: true }).sockets.filter(
    ({ localPort, remotePort }) => localPort === port || remotePort === port,
  );
  return { clients, listed, diag };
}

describe.skipIf(process.platform !== 'linux')('single sockets (asks for Linux)', () => {
  it.each([
    ['IPv4, and IPv4 through a socket of IPv6', '127.0.0.1', 3],
    ['IPv6', '::1', 3],
    ['more than go in one datagram', '127.0.0.1', 150],
  ])('are found by what the listing said of them: %s', async (_, host, count) => {
    const { listed, diag } = await connections(host, count);
    expect(listed).toHaveLength(2 * count);
    const found = diag.find(listed);
    const nameOf = ({
      cookie,
      family,
      localAddress,
      localPort,
      remoteAddress,
      remotePort,
      state,
      inode,
    }: KernelSocket) =>
      JSON.stringify({ cookie, family, localAddress, localPort, remoteAddress, remotePort, state, inode });
    expect(found.map(nameOf)).toEqual(listed.map(nameOf));
    expect(found.every(({ info }) => info?.lastAckReceivedMs !== null)).toBe(true);
  });

  it('are left out when they are gone, and when another has their ends', async () => {
    const { clients, listed, diag } = await connections('127.0.0.1', 2);
    clients[0]?.resetAndDestroy();
    const other = listed.map((socket) => ({ ...socket, cookie: 'abcdef' }));
    expect(diag.find(other)).toEqual([]);
    let found = diag.find(listed);
    for (let tries = 0; found.length > 2 && tries < 500; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      found = diag.find(listed);
    }
    expect(found).toHaveLength(2);
    expect(diag.find([])).toEqual([]);
    expect(readSockets(diag, { states: ['listen'], withInfo: false }).sockets.length).toBeGreaterThan(0); // no answer was left over
  });
});
