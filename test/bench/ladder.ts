import type { LadderPlan } from '../../src/commands/measure/ladder.ts';
import { search, seeded } from '../commands/measure/simulated-path.ts';

/** One way to find an idle timeout, as it would do for one timeout: how long it takes, and how wide its answer is. */
type Method = (timeoutMs: number, random: () => number) => { wallMs: number; widthMs: number };

/** A verdict of death, for those that have none of their own: a connection that does not answer within this. */
const VERDICT_MS = 10_000;
const RUNS = 300;

const kaprobe =
  (connections: number): Method =>
  (timeoutMs, random) => {
    const plan: LadderPlan = {
      minMs: 5000,
      maxMs: 7_300_000,
      resolution: { share: 0.01, floorMs: 1000 },
      connectionCount: connections - 2,
      likelyMs: [],
    };
    const { answer, wallMs } = search(plan, { timeoutMs: () => timeoutMs, random });
    return { wallMs, widthMs: (answer.upperMs ?? Number.POSITIVE_INFINITY) - answer.lowerMs };
  };

/** One connection at a time: 5 s, 10 s, 20 s … until one is dead, then halving until the answer is as narrow as kaprobe's. */
const doubling: Method = (timeoutMs) => {
  let [lowerMs, upperMs, wallMs] = [0, 5000, 0];
  const isAlive = (idleMs: number): boolean => {
    wallMs += idleMs + (idleMs < timeoutMs ? 0 : VERDICT_MS);
    return idleMs < timeoutMs;
  };
  while (isAlive(upperMs)) [lowerMs, upperMs] = [upperMs, 2 * upperMs];
  while (upperMs - lowerMs > Math.max(1000, 0.01 * upperMs)) {
    const middleMs = (lowerMs + upperMs) / 2;
    if (isAlive(middleMs)) lowerMs = middleMs;
    else upperMs = middleMs;
  }
  return { wallMs, widthMs: upperMs - lowerMs };
};

/** All connections at once, one for each minute up to 130, and every one is waited for. */
const fixedLadder: Method = (timeoutMs) => {
  const MINUTE_MS = 60_000;
  const lowerMs = Math.floor((timeoutMs - 1) / MINUTE_MS) * MINUTE_MS;
  return { wallMs: 130 * MINUTE_MS + VERDICT_MS, widthMs: Math.max(MINUTE_MS, timeoutMs - lowerMs) };
};

const METHODS: readonly (readonly [name: string, method: Method])[] = [
  ['kaprobe, 128 connections', kaprobe(128)],
  ['kaprobe, 64 connections', kaprobe(64)],
  ['kaprobe, 16 connections', kaprobe(16)],
  ['doubling, then bisection', doubling],
  ['a rung a minute for 130 minutes', fixedLadder],
];

/** Prints how long each method takes in units of the timeout, and how narrow its answer is, over random timeouts from one minute to two hours. */
export function compareLadders(print: (line: string) => void): void {
  print(`finding an idle timeout T, simulated, ${RUNS} random T from 1 m to 2 h`);
  print(`${''.padEnd(34)}${'wall time / T'.padStart(24)}${'width of the answer / T'.padStart(28)}`);
  print(
    `${''.padEnd(34)}${'median'.padStart(12)}${'worst'.padStart(12)}${'median'.padStart(16)}${'worst'.padStart(12)}`,
  );
  for (const [name, method] of METHODS) {
    const random = seeded(1);
    const results = Array.from({ length: RUNS }, () => {
      const timeoutMs = 60_000 * Math.exp(random() * Math.log(120));
      const { wallMs, widthMs } = method(timeoutMs, random);
      return { wall: wallMs / timeoutMs, width: (100 * widthMs) / timeoutMs };
    });
    const walls = results.map(({ wall }) => wall).sort((one, other) => one - other);
    const widths = results.map(({ width }) => width).sort((one, other) => one - other);
    const middle = Math.floor(RUNS / 2);
    const cells = [walls[middle], walls.at(-1)].map((value) => (value ?? 0).toFixed(2).padStart(12));
    const shares = [widths[middle], widths.at(-1)].map((value) => `${(value ?? 0).toFixed(1)} %`);
    print(`${name.padEnd(34)}${cells.join('')}${(shares[0] ?? '').padStart(16)}${(shares[1] ?? '').padStart(12)}`);
  }
}
