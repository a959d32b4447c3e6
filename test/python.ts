import { spawnSync } from 'node:child_process';

const PROGRAM = `
import json, sys
def complaint(program):
    try:
        compile(program, 'lines', 'exec')
    except Exception as error:
        return repr(error)
print(json.dumps([complaint(program) for program in json.load(sys.stdin)]))
`;

/** What Python says against each program, by its name, null where it takes one: all in one process. Null when there is no python3. */
export function complaintsOfPython(programs: Readonly<Record<string, string>>): Record<string, string | null> | null {
  const input = JSON.stringify(Object.values(programs));
  const { stdout, status } = spawnSync('python3', ['-IS', '-c', PROGRAM], { encoding: 'utf8', input });
  if (status !== 0) return null;
  const complaints: (string | null)[] = JSON.parse(stdout);
  return Object.fromEntries(Object.keys(programs).map((name, index) => [name, complaints[index] ?? null]));
}
