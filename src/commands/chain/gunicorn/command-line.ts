/** Reads gunicorn's command line, as its argparse does. */
import { UsageError } from '../../../base/errors.ts';
import { GUNICORN_DEFAULTS } from '../../../knowledge/stacks/gunicorn.ts';

/** Where a command line gives a setting: the words, as they were given. */
export interface GivenSetting {
  /** As written; whole numbers are checked. */
  text: string;
  given: string;
}

export interface GunicornCommandLine {
  /** By the setting's own name, such as `keepalive`; those that say nothing about connections are left out. */
  settings: Map<string, GivenSetting>;
  /** `-c`, as written; null: none. */
  configPath: string | null;
  /** In sentences: options that are not known. */
  doubts: string[];
}

/** The settings that are read, by option. */
const SETTINGS: Readonly<Record<string, string>> = {
  '-c': 'config',
  '--config': 'config',
  '-b': 'bind',
  '--bind': 'bind',
  '-w': 'workers',
  '--workers': 'workers',
  '-k': 'worker_class',
  '--worker-class': 'worker_class',
  '--threads': 'threads',
  '--worker-connections': 'worker_connections',
  '--max-requests': 'max_requests',
  '--max-requests-jitter': 'max_requests_jitter',
  '-t': 'timeout',
  '--timeout': 'timeout',
  '--graceful-timeout': 'graceful_timeout',
  '--keep-alive': 'keepalive',
};

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Options of gunicorn 20 to 26 that take a word of their own (config.py), besides the settings that are read. */
const WITH_VALUE = new Set([
  ...Object.keys(SETTINGS),
  ...words(`
    --backlog --limit-request-line --limit-request-fields --limit-request-field_size --reload-engine --reload-extra-file
    --chdir -e --env -p --pid --worker-tmp-dir -u --user -g --group -m --umask --forwarded-allow-ips --access-logfile
    --access-logformat --error-logfile --log-file --log-level --logger-class --log-config --log-config-json --log-syslog-to
    --log-syslog-prefix --log-syslog-facility --statsd-host --dogstatsd-tags --statsd-prefix -n --name --pythonpath --paste
    --paster --proxy-allow-from --keyfile --certfile --ssl-version --cert-reqs --ca-certs --ciphers --paste-global
    --forwarder-headers --header-map --protocol --uwsgi-allow-from --http-protocols --http2-cleartext --http-parser
    --http2-max-concurrent-streams --http2-initial-window-size --http2-max-frame-size --http2-max-header-list-size
    --asgi-loop --asgi-lifespan --asgi-disconnect-grace-period --root-path --dirty-app --dirty-workers --dirty-timeout
    --dirty-threads --dirty-graceful-timeout --control-socket --control-socket-mode`),
]);

/** Those that take none; `--proxy-protocol` may have one since 26 at the latest, which says nothing about connections. */
const SWITCHES = new Set(
  words(`
    --reload --spew --check-config --print-config --preload --no-sendfile --reuse-port -D --daemon --initgroups
    --disable-redirect-access-to-syslog --capture-output --log-syslog -R --enable-stdio-inheritance --proxy-protocol
    --suppress-ragged-eofs --do-handshake-on-connect -v --strip-header-spaces --tolerate-dangerous-framing
    --casefold-http-method --permit-unconventional-http-method --permit-unconventional-http-version --no-control-socket
    --permit-obsolete-folding --enable-backlog-metric --version -h --help`),
);

/** The settings that are whole numbers. */
const NUMBERS: ReadonlySet<string> = new Set(Object.keys(GUNICORN_DEFAULTS));

/**
 * Reads the words behind (or with) `gunicorn`: `--keep-alive 75`, `--keep-alive=75`, `-w4`, and unique beginnings of long options. The last
 * of several counts. Throws a UsageError for what gunicorn would refuse.
 */
export function readCommandLine(words: readonly string[]): GunicornCommandLine {
  const settings = new Map<string, GivenSetting>();
  const doubts: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-') continue; // the application, or gunicorn's own name
    const { option, attached } = takeApart(word);
    if (option === null) {
      doubts.push(`gunicorn's option ${word} is not known`);
      continue;
    }
    if (!WITH_VALUE.has(option)) continue;
    const value = attached ?? words[++index];
    if (value === undefined || (attached === null && value.startsWith('-') && value !== '-' && !/^-\d/.test(value))) {
      throw new UsageError(`gunicorn's option ${option} lacks its value`);
    }
    const setting = SETTINGS[option];
    if (setting === undefined) continue;
    const given = attached === null ? `${word} ${value}` : word;
    if (NUMBERS.has(setting) && !/^\s*\+?\d+(_\d+)*\s*$/.test(value)) {
      throw new UsageError(`gunicorn's option ${option} takes a whole number that is not negative, not '${value}'`);
    }
    const earlier = settings.get(setting);
    const isList = setting === 'bind' && earlier !== undefined;
    settings.set(setting, {
      text: isList ? `${earlier.text},${value}` : value.trim(),
      given: isList ? `${earlier.given} ${given}` : given,
    });
  }
  const configPath = settings.get('config')?.text ?? null;
  settings.delete('config');
  return { settings, configPath, doubts };
}

/** An option and the value that hangs on it; null: no option of gunicorn, or the beginning of several. */
function takeApart(word: string): { option: string | null; attached: string | null } {
  const isKnown = (text: string): boolean => WITH_VALUE.has(text) || SWITCHES.has(text);
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const attached = equals < 0 ? null : word.slice(equals + 1);
  if (isKnown(name)) return { option: name, attached };
  if (!word.startsWith('--')) {
    const short = word.slice(0, 2);
    if (!isKnown(short)) return { option: null, attached: null };
    if (WITH_VALUE.has(short)) return { option: short, attached: word.slice(2) };
    return takeApart(`-${word.slice(2)}`); // -Dw4 is -D -w4
  }
  const beginning = [...WITH_VALUE, ...SWITCHES].filter((option) => option.startsWith(name));
  const [only] = beginning;
  return { option: beginning.length === 1 && only !== undefined ? only : null, attached };
}

/**
 * The words of a command line from `gunicorn` on, whatever runs it (`exec`, `env`, `python3 -m`), and the GUNICORN_CMD_ARGS before it; null:
 * gunicorn is not in it. Throws a UsageError for an open quote.
 */
export function readInvocation(text: string): { words: string[]; environmentWords: string | null } | null {
  if (!/(^|[\s/])gunicorn3?(\s|$)/.test(text)) return null;
  const words = splitWords(text);
  const start = words.findIndex((word) => /(^|\/)gunicorn3?$/.test(word));
  if (start < 0) return null;
  const [, environmentWords = null] =
    words
      .slice(0, start)
      .map((word) => /^GUNICORN_CMD_ARGS=(.*)$/s.exec(word))
      .findLast((match) => match !== null) ?? [];
  return { words: words.slice(start + 1), environmentWords };
}

/** Splits a text into words as a shell (and Python's shlex) does: spaces, both quotes and backslashes. Throws a UsageError for an open quote. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    const next = text[index + 1];
    if (quote === null && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === '\\' && quote !== "'" && next !== undefined && (quote === null || '"\\'.includes(next))) {
      word = (word ?? '') + next;
      index++;
    } else if (character === quote) {
      quote = null;
    } else if (quote === null && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== null) throw new UsageError(`a ${quote} in the command line is not closed`);
  return word === null ? words : [...words, word];
}
