import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { CapabilityError } from '../../base/errors.ts';
import { finish, firstLine } from './run.ts';
import type { Tools } from './tools.ts';

/** `root`: network namespaces made with the caller's own rights. `user-namespace`: in a user namespace, as an ordinary user may. */
export type Privilege = 'root' | 'user-namespace';

/**
 * Network namespaces without a name and without a process: descriptors of this process are all that keeps them. The kernel takes them
 * down, with the links in them, once these are closed and the last process in them is gone, however this process ends.
 */
export interface Namespaces {
  privilege: Privilege;
  /** Descriptors of the network namespaces. */
  nets: readonly number[];
  /** The command line that runs `argv` in one of them, by this process or a child of it. */
  enter(net: number, argv: readonly string[]): [string, ...string[]];
  close(): void;
}

interface Making {
  tools: Tools;
  /** null: with the caller's rights if they suffice, otherwise in a user namespace. */
  privilege: Privilege | null;
  signal?: AbortSignal | undefined;
}

/**
 * Makes network namespaces.
 *
 * @throws CapabilityError when neither the caller's rights nor a user namespace allow it.
 */
export async function createNamespaces(count: number, making: Making): Promise<Namespaces> {
  const privilege = making.privilege ?? (process.geteuid?.() === 0 ? 'root' : 'user-namespace');
  try {
    return await make(count, privilege, making);
  } catch (error) {
    // Root in a container often lacks CAP_SYS_ADMIN, but may still make a user namespace.
    if (privilege === 'root' && making.privilege === null && error instanceof CapabilityError) {
      return await make(count, 'user-namespace', making).catch((second: unknown) => {
        throw second instanceof CapabilityError ? error : second;
      });
    }
    throw error;
  }
}

async function make(count: number, privilege: Privilege, making: Making): Promise<Namespaces> {
  const { tools } = making;
  const held: number[] = [];
  const close = () => {
    for (const descriptor of held.splice(0)) closeSync(descriptor);
  };
  const hold = async (argv: string[], kind: 'net' | 'user') => {
    const descriptor = await openNamespace(argv, kind, making);
    held.push(descriptor);
    return descriptor;
  };
  try {
    let enterUser: string[] = [];
    if (privilege === 'user-namespace') {
      const user = await hold([tools.unshare, '--user', '--map-root-user'], 'user');
      // setgroups(2) is forbidden there, so nsenter must not try to drop groups.
      enterUser = [`--user=${descriptorPath(user)}`, '--preserve-credentials'];
    }
    const prefix = enterUser.length > 0 ? [tools.nsenter, ...enterUser, '--'] : [];
    const made = await Promise.allSettled(
      Array.from({ length: count }, () => hold([...prefix, tools.unshare, '--net'], 'net')),
    );
    const nets = made.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    return {
      privilege,
      nets,
      enter: (net, argv) => [tools.nsenter, ...enterUser, `--net=${descriptorPath(net)}`, '--', ...argv],
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Readable for this process and, by the same user, for its children. */
function descriptorPath(descriptor: number): string {
  return `/proc/${process.pid}/fd/${descriptor}`;
}

/** Has `cat` started by `argv` in a new namespace, opens that while `cat` waits for more, and lets it go. */
async function openNamespace(argv: readonly string[], kind: 'net' | 'user', making: Making): Promise<number> {
  const [file = '', ...rest] = [...argv, making.tools.cat];
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
  const end = finish(child, file, { input: null, ...(making.signal ? { signal: making.signal } : {}) });
  child.stdin.write('.');
  await Promise.race([once(child.stdout, 'data'), end]);
  let descriptor: number | null = null;
  try {
    descriptor = openSync(`/proc/${child.pid}/ns/${kind}`, 'r');
  } catch {
    // It has failed already, and says itself why.
  }
  try {
    child.stdin.end();
    const { code, stderr } = await end;
    if (descriptor !== null && code === 0) return descriptor;
    throw new CapabilityError(
      `cannot make a ${kind === 'net' ? 'network' : 'user'} namespace: ${firstLine(stderr) || 'unshare gave no reason'}`,
      'needs root, or a kernel that lets users make user namespaces: see kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns and user.max_user_namespaces',
    );
  } catch (error) {
    if (descriptor !== null) closeSync(descriptor);
    throw error;
  }
}
