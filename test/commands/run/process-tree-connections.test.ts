import { expect, test } from 'vitest';
import { KernelError } from '../../../src/base/errors.ts';
import { watchProcessTree } from '../../../src/commands/run/process-tree-connections.ts';
import { type Libc, loadLibc } from '../../../src/linux/libc.ts';

// What Docker's seccomp profile does without CAP_SYS_PTRACE, and what a kernel before 5.6 does.
test.each(['EPERM', 'ENOSYS'])(
  'where descriptors cannot be duplicated (%s) that is said before anything runs',
  async (errno) => {
    const libc: Libc = {
      ...(await loadLibc()),
      pidfdGetfd: () => {
        throw new KernelError(errno, 'pidfd_getfd of descriptor 3');
      },
      becomeSubreaper: () => expect.unreachable(),
    };
    await expect(watchProcessTree(libc)).rejects.toMatchObject({
      code: 'capability',
      message: `the sockets of other processes cannot be looked at here: pidfd_getfd of descriptor 3: ${errno}`,
      hint: 'needs Linux 5.6, and in a container usually --cap-add SYS_PTRACE',
    });
  },
);
