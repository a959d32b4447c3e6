declare module 'ping-lite' {
  import type { ChildProcess } from 'node:child_process';

  /** Throws at once when there is no ping program. */
  export default class Ping {
    constructor(host: string, options?: { args?: string[] });
    /** `ms` is null when no answer came. */
    send(callback: (error: Error | null, ms?: number | null) => void): void;
    /** The running program, once sent. */
    _ping?: ChildProcess;
  }
}
