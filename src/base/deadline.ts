/** A timer that is later than this says that the program was held up: stopped, or on a machine that had other work. */
const LATE_MS = 50;

/**
 * Calls `expire` after `timeoutMs`, unless the function that is returned is called before. When this program was held up, its timers come before
 * what has arrived meanwhile: that is taken in first, and the peer is given once more as long as the timer was late.
 */
export function startDeadline(timeoutMs: number, expire: () => void): () => void {
  const dueMs = performance.now() + timeoutMs;
  let turn: NodeJS.Immediate | undefined;
  const inTurn = (): void => {
    turn = setImmediate(expire);
  };
  let timer = setTimeout(() => {
    const lateMs = performance.now() - dueMs;
    if (lateMs > LATE_MS) timer = setTimeout(inTurn, Math.min(lateMs, timeoutMs));
    else inTurn();
  }, timeoutMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** How long to wait for a value, and what stands for it then. */
export interface Wait<T> {
  timeoutMs: number;
  signal: AbortSignal;
  /** The value once the time is up. */
  late(): T;
  /** Called once, before the promise settles. */
  finish?(): void;
}

/** Resolves with what `begin` hands to `settle`, or with `late()`. Rejects with the signal's reason when aborted. */
export function waitFor<T>(
  { timeoutMs, signal, late, finish }: Wait<T>,
  begin: (settle: (value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let settled = false;
    const end = (conclude: () => void): void => {
      if (settled) return;
      settled = true;
      callOff();
      signal.removeEventListener('abort', onAbort);
      finish?.();
      conclude();
    };
    const settle = (value: T): void => end(() => resolve(value));
    const onAbort = (): void => end(() => reject(signal.reason));
    const callOff = startDeadline(timeoutMs, () => settle(late()));
    signal.addEventListener('abort', onAbort, { once: true });
    begin(settle);
  });
}
