/** A connection as its own descriptor shows it, in whatever network namespace it is. */
import { fstatSync } from 'node:fs';
import { portOf } from '../../base/endpoint.ts';
import { KernelError } from '../../base/errors.ts';
import { readCookie, withForeignDescriptor } from '../../linux/foreign-socket.ts';
import type { Libc } from '../../linux/libc.ts';
import type { SocketHolder } from '../../linux/procfs/socket-holders.ts';
import { readKeepalive } from '../../linux/socket-options.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import { formatSocketAddress, isTcpSocket } from '../../linux/tcp-socket.ts';
import type { SeenConnection } from './connection-log.ts';

/** A socket that is connected, or on the way to it. */
export interface ReadConnection extends Pick<SeenConnection, 'state' | 'keepalive'> {
  kind: 'connected';
  cookie: string;
  local: string;
  /** null: not connected yet, when getpeername(2) does not tell. */
  remote: string | null;
}

/** What a descriptor is. `gone`: closed, or another one since its holder was found. */
export type Reading =
  | ReadConnection
  | { kind: 'listening'; port: number }
  | { kind: 'unconnected' | 'other' | 'gone' }
  | { kind: 'denied'; reason: string };

/** Looks at a socket through a duplicate of its holder's descriptor. */
export function readConnection(libc: Libc, inode: number, holder: SocketHolder): Reading {
  try {
    return withForeignDescriptor(libc, holder, (fd): Reading => {
      // Closed and used again since the descriptors were listed.
      if (fstatSync(fd).ino !== inode) return { kind: 'gone' };
      if (!isTcpSocket(libc, fd)) return { kind: 'other' };
      const { state } = readTcpInfo(libc, fd);
      const local = formatSocketAddress(libc.getsockname(fd));
      if (state === 'listen') return { kind: 'listening', port: portOf(local) };
      if (state === 'closed') return { kind: 'unconnected' };
      return {
        kind: 'connected',
        cookie: readCookie(libc, fd),
        local,
        remote: state === 'syn-sent' ? null : formatSocketAddress(libc.getpeername(fd)),
        state,
        keepalive: readKeepalive(libc, fd),
      };
    });
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return ['EPERM', 'EACCES', 'ENOSYS', 'EMFILE'].includes(error.errno)
      ? { kind: 'denied', reason: error.message }
      : { kind: 'gone' };
  }
}
