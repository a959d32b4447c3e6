/** What `nginx -T` writes: every file of a configuration in one text, each behind a mark. */
import { type ConfigFiles, parseError } from '../config/files.ts';

/** As main() of src/core/nginx.c prints it. */
const MARK = /^# configuration file (.+):\r?$/;
/** What nginx says on standard error, where the two were written into one file. */
const MESSAGE = /^(nginx: |\d{4}\/\d\d\/\d\d |\s*$)/;

/**
 * Takes the text of `nginx -T` apart: the files as they were on the host, under the names and with the lines that they have there, and which
 * of them is the first. null: the text is something else. Throws a ParseError where a file stands in it twice, which nginx does not do.
 */
export function readDump(path: string, bytes: Uint8Array): { mainPath: string; files: ConfigFiles } | null {
  // A character for each byte: the file may be in any encoding.
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const start = lines.findIndex((line) => !MESSAGE.test(line));
  const mainPath = MARK.exec(lines[start] ?? '')?.[1];
  if (mainPath === undefined) return null;
  const contents = new Map<string, string[]>();
  let current: string[] = [];
  lines.slice(start).forEach((line, index) => {
    const name = MARK.exec(line)?.[1];
    if (name === undefined) {
      current.push(line);
      return;
    }
    const place = { file: path, line: start + index + 1 };
    if (contents.has(name)) throw parseError(place, `${name} stands here a second time: not what one nginx -T wrote`);
    current = [];
    contents.set(name, current);
  });
  return {
    mainPath,
    files: {
      read(name) {
        const content = contents.get(name);
        return content === undefined
          ? { kind: 'unreadable', reason: `is not in ${path}` }
          : { kind: 'file', bytes: Buffer.from(content.join('\n'), 'latin1') };
      },
      list(folder) {
        const within = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
        const names = [...contents.keys()].filter((name) => name.startsWith(within));
        return [...new Set(names.map((name) => name.slice(within.length).split('/')[0] ?? ''))];
      },
    },
  };
}
