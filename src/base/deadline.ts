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
