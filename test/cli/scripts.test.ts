import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kaprobe, NODE } from './kaprobe.ts';
import { closedPort, serve, type TestServer } from './servers.ts';

/*
 * Each file in scripts/ is one run of the program: what it claims, the command, the exit code, stdout and stderr, all literal but for
 *   {open} {closed}   in the command: ports of loopback
 *   <port> <time>     in the output: what the kernel or the clock chose
 * UPDATE_SCRIPTS is not offered on purpose: what a user sees is written by hand.
 */
const FOLDER = new URL('scripts/', import.meta.url);

interface Script {
  title: string;
  command: string;
  exitCode: number;
  stdout: string;
  stderr: string;
}

function parseScript(text: string): Script {
  const match = /^# (.*)\n\$ kaprobe ?(.*)\n-- exit --\n(\d+)\n-- stdout --\n(.*?)-- stderr --\n(.*)$/s.exec(text);
  if (match === null) throw new Error('a script reads: # title, $ kaprobe …, -- exit --, -- stdout --, -- stderr --');
  const [, title = '', command = '', exitCode, stdout = '', stderr = ''] = match;
  return { title, command, exitCode: Number(exitCode), stdout, stderr };
}

/** Words as a shell would split them: spaces part, single quotes hold together, \e stands for the escape character. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted ?? plain ?? '').replaceAll('\\e', '\u001b'),
  );
}

describe('a user sees', () => {
  let open: TestServer;
  let closed: number;
  beforeAll(async () => {
    open = await serve();
    closed = await closedPort();
  });
  afterAll(() => open.close());

  // What is refused before anything is asked of Node is the same with every version of it.
  const files = readdirSync(FOLDER).filter((file) => NODE === process.execPath || !file.startsWith('bad-'));
  for (const file of files) {
    const script = parseScript(readFileSync(new URL(file, FOLDER), 'utf8'));
    it(script.title, async () => {
      const words = splitWords(
        script.command.replaceAll('{open}', String(open.port)).replaceAll('{closed}', String(closed)),
      );
      const { exitCode, stdout, stderr } = await kaprobe(words);
      const normalise = (text: string): string =>
        text
          .replaceAll(String(open.port), '<port>')
          .replaceAll(String(closed), '<port>')
          .replace(/\b(in|after|round trip|within|duration) \d+(\.\d+)? ms/g, '$1 <time>')
          .replace(/^( {2}ping +)(answered in <time>|not measured: .*|no answer)$/m, '$1<ping>');
      expect({ exitCode, stdout: normalise(stdout), stderr: normalise(stderr) }).toEqual({
        exitCode: script.exitCode,
        stdout: script.stdout,
        stderr: script.stderr,
      });
    });
  }
});
