/**
 * The syntax of nginx's configuration, as ngx_conf_file.c reads it: words, quotes, comments, blocks and includes. What a directive means
 * is not known here.
 */
import { ParseError } from '../../../base/errors.ts';
import { type ConfigFiles, type Place, parseError } from '../config/files.ts';
import { expandGlob, hasWildcard } from './glob.ts';
import { type Lexer, nextStatement, openLexer, skipLua } from './lexer.ts';

/** One directive, with its includes in place. */
export interface Directive extends Place {
  name: string;
  args: string[];
  /** What stands between the braces; null when it ends with `;`. A `*_by_lua_block` has an empty one. */
  block: Directive[] | null;
}

const MOST_FILES = 2000;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_DIRECTIVES = 300_000;
const DEEPEST = 64;

/**
 * Reads a configuration and all that it includes. Relative includes are taken from the main file's folder, which is what `nginx -c` does
 * (ngx_conf_full_name with conf_prefix). Throws a ParseError with file and line.
 */
export function parseNginx(mainPath: string, files: ConfigFiles): Directive[] {
  const folder = mainPath.slice(0, mainPath.lastIndexOf('/') + 1);
  const whereIncludesAreHint = `relative includes are taken from the folder of ${mainPath}, all others from where they are on the host`;
  const open: string[] = [];
  let fileCount = 0;
  let byteCount = 0;
  let directiveCount = 0;

  const include = (pattern: string, place: Place, depth: number): Directive[] => {
    const path = pattern.startsWith('/') ? pattern : folder + pattern;
    if (!hasWildcard(path)) return parseFile(path, place, depth);
    return expandGlob(path, files).flatMap((match) => parseFile(match, place, depth));
  };

  const parseFile = (path: string, from: Place | null, depth: number): Directive[] => {
    const fail = (message: string, hint: string | null = null): ParseError =>
      from === null
        ? new ParseError(`${path}: ${message}`, hint)
        : parseError(from, `include of ${path}: ${message}`, hint);
    if (open.includes(path)) throw fail('the file includes itself');
    if (open.length > DEEPEST) throw fail('includes are nested too deep');
    if (++fileCount > MOST_FILES) throw fail(`more than ${MOST_FILES} files are included`);
    const file = files.read(path);
    if (file.kind !== 'file') {
      throw fail(file.reason, from === null ? null : whereIncludesAreHint);
    }
    byteCount += file.bytes.byteLength;
    if (byteCount > MOST_BYTES) throw fail('the configuration is larger than 64 MiB');
    open.push(path);
    const lexer = openLexer(file.bytes, path);
    const directives = parseBlock(lexer, null, depth);
    open.pop();
    return directives;
  };

  const parseBlock = (lexer: Lexer, opening: Directive | null, depth: number): Directive[] => {
    const directives: Directive[] = [];
    for (;;) {
      const statement = nextStatement(lexer);
      if (statement.kind === 'end-of-file') {
        if (opening === null) return directives;
        throw parseError(lexer, `unexpected end of file: "${opening.name}" of line ${opening.line} lacks its "}"`);
      }
      if (statement.kind === 'end-of-block') {
        if (opening !== null) return directives;
        throw parseError(lexer, 'unexpected "}"');
      }
      const { place, words } = statement;
      const [name = '', ...args] = words;
      if (++directiveCount > MOST_DIRECTIVES) throw parseError(place, `more than ${MOST_DIRECTIVES} directives`);
      if (name === 'include' && statement.kind === 'simple') {
        const [pattern] = args;
        if (pattern === undefined || args.length > 1) {
          throw parseError(place, 'invalid number of arguments in "include" directive');
        }
        for (const directive of include(pattern, place, depth)) directives.push(directive);
        continue;
      }
      const directive: Directive = { file: place.file, line: place.line, name, args, block: null };
      if (statement.kind === 'block') {
        if (depth >= DEEPEST) throw parseError(place, 'blocks are nested too deep');
        if (name.endsWith('_by_lua_block')) {
          skipLua(lexer, directive);
          directive.block = [];
        } else {
          directive.block = parseBlock(lexer, directive, depth + 1);
        }
      }
      directives.push(directive);
    }
  };

  return parseFile(mainPath, null, 0);
}
