/**
 * Errors, by who must act. A refused connection or a silent peer is an observation, not an error: these are thrown only when the
 * question itself could not be asked. Every one of them ends the program with exit code 2.
 */
export class KaprobeError extends Error {
  /** Stable, for programs. */
  readonly code: string;
  /** What the user can do about it; null when there is nothing to suggest. */
  readonly hint: string | null;

  constructor(code: string, message: string, hint: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = hint;
  }
}

/** You: the command line or the arguments of a library call cannot be meant. */
export class UsageError extends KaprobeError {
  constructor(message: string, hint: string | null = null) {
    super('usage', message, hint);
  }
}

/** Your rights, your kernel or your platform cannot do what was asked. */
export class CapabilityError extends KaprobeError {
  constructor(message: string, hint: string | null = null, cause?: unknown) {
    super('capability', message, hint, cause);
  }
}

/** A file or a kernel text does not read as its format says. */
export class ParseError extends KaprobeError {
  constructor(message: string, hint: string | null = null) {
    super('parse', message, hint);
  }
}

/** A system call failed: `message` names the operation and the object, `errno` the kernel's reason (`EPERM`). */
export class KernelError extends KaprobeError {
  readonly errno: string;

  constructor(errno: string, operation: string, hint: string | null = null) {
    super('kernel', `${operation}: ${errno}`, hint);
    this.errno = errno;
  }
}

/** The kernel's name of what went wrong (`ENOENT`); the whole error as a text where there is none. */
export function errnoOf(error: unknown): string {
  if (error instanceof KernelError) return error.errno;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : String(error);
}

/** The reason in place of a thing that cannot be had here and is done without. Throws any other error again. */
export function unlessMissing(error: unknown): CapabilityError | KernelError {
  if (error instanceof CapabilityError || error instanceof KernelError) return error;
  throw error;
}
