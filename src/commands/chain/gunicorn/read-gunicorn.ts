/** Reads the settings of gunicorn and works out how it keeps connections: config.py and workers/ of gunicorn 20 to 26. */
import { ParseError } from '../../../base/errors.ts';
import {
  type ChainServerSide,
  type ChainValue,
  isKnown,
  type Limit,
  type MaybeChainValue,
} from '../../../knowledge/hop.ts';
import { GUNICORN_DEFAULTS } from '../../../knowledge/stacks/gunicorn.ts';
import { type Unmeasured, unmeasured } from '../../../report/values.ts';
import { type ConfigFiles, parseError } from '../config/files.ts';
import { derive, following, fromDefault, fromFile } from '../config/values.ts';
import { type GivenSetting, readCommandLine, splitWords } from './command-line.ts';
import { type Assignments, readAssignments } from './python-settings.ts';
import type { PythonValue } from './python-values.ts';

/** How gunicorn is started. */
export interface GunicornStart {
  /** The file of settings; null: that of `-c`, if there is one. */
  configPath: string | null;
  /** The words of its command line, with or without `gunicorn` and the application; they come before the file. */
  words: readonly string[];
  /** GUNICORN_CMD_ARGS, which comes between the two; null: not set. */
  environmentWords: string | null;
}

/** The settings that are read, as gunicorn has them: times in seconds. */
export interface GunicornSettings extends Record<NumberSetting, MaybeChainValue<number>> {
  worker_class: MaybeChainValue<string>;
  bind: MaybeChainValue<string[]>;
}

export interface GunicornReading {
  /** `gunicorn (gthread)`. */
  product: string;
  server: ChainServerSide;
  settings: GunicornSettings;
  /** What could not be evaluated, each with its place, in sentences without a full stop. */
  doubts: string[];
}

const ID = 'gunicorn';
type NumberSetting = keyof typeof GUNICORN_DEFAULTS;

/**
 * Reads a file of settings without running it, and the command line, which comes first. What cannot be evaluated is unmeasured, with the
 * reason among the doubts. Throws a ParseError for a file that gunicorn would refuse, a UsageError for such a command line.
 */
export function readGunicorn(start: GunicornStart, files: ConfigFiles): GunicornReading {
  const commandLine = readCommandLine(start.words);
  const environment = readCommandLine(start.environmentWords === null ? [] : splitWords(start.environmentWords));
  const doubts = [...commandLine.doubts, ...environment.doubts];
  const path = start.configPath ?? commandLine.configPath ?? environment.configPath;
  const assignments = path === null ? null : readFile(path, files);
  if (path === null)
    doubts.push('gunicorn.conf.py in the folder where gunicorn starts is read too: give it when there is one');

  const given = (name: string): GivenSetting | undefined =>
    commandLine.settings.get(name) ?? environment.settings.get(name);
  const assigned = (name: string): ChainValue<PythonValue> | Unmeasured | null => {
    const entry = assignments?.names.get(name);
    if (entry === undefined) return assignments?.anything == null ? null : unmeasured(assignments.anything);
    return entry.kind === 'unknown' ? unmeasured(entry.reason) : fromFile(entry.value, entry.place, name);
  };
  const number = (name: NumberSetting): MaybeChainValue<number> => {
    const option = given(name);
    if (option !== undefined) return fromCommandLine(Number(option.text.replaceAll('_', '')), option, name);
    const value = assigned(name);
    if (value === null) return fromDefault(GUNICORN_DEFAULTS[name], ID, defaultDetail(name), name);
    return isKnown(value) ? following(wholeNumber(value, name), value) : value;
  };
  const text = (name: string, otherwise: string): MaybeChainValue<string> => {
    const option = given(name);
    if (option !== undefined) return fromCommandLine(option.text, option, name);
    const value = assigned(name);
    if (value === null) return fromDefault(otherwise, ID, `${otherwise} unless it is set`, name);
    if (!isKnown(value)) return value;
    if (value.value.kind !== 'text') throw refusal(value, name, 'takes a text');
    return following(value.value.value.trim(), value);
  };

  const settings: GunicornSettings = {
    keepalive: number('keepalive'),
    workers: number('workers'),
    threads: number('threads'),
    worker_connections: number('worker_connections'),
    max_requests: number('max_requests'),
    max_requests_jitter: number('max_requests_jitter'),
    timeout: number('timeout'),
    graceful_timeout: number('graceful_timeout'),
    worker_class: text('worker_class', 'sync'),
    bind: bindOf(given('bind'), assigned('bind')),
  };
  for (const value of Object.values(settings)) if (!isKnown<ChainValue<unknown>>(value)) doubts.push(value.reason);
  const worker = workerOf(settings);
  const { server, doubts: own } = serverSide(worker, settings);
  return {
    product: worker.kind === 'unknown' ? 'gunicorn' : `gunicorn (${worker.name})`,
    server,
    settings,
    doubts: [...new Set([...doubts, ...own])],
  };
}

function readFile(path: string, files: ConfigFiles): Assignments {
  if (path.startsWith('python:')) {
    return {
      names: new Map(),
      anything: `the settings are in the module ${path.slice('python:'.length)}, which was not read`,
    };
  }
  const name = path.replace(/^file:/, '');
  const file = files.read(name);
  if (file.kind !== 'file') throw new ParseError(`${name}: ${file.reason}`);
  return readAssignments(file.bytes, name);
}

function fromCommandLine<T>(value: T, { given }: GivenSetting, setting: string): ChainValue<T> {
  return { value, source: { kind: 'command-line', text: given }, setting };
}

function defaultDetail(name: NumberSetting): string {
  const value = GUNICORN_DEFAULTS[name];
  return name === 'workers'
    ? '1, unless the environment variable WEB_CONCURRENCY says otherwise'
    : `${value} unless it is set`;
}

/** validate_pos_int of config.py. */
function wholeNumber(value: ChainValue<PythonValue>, name: string): number {
  const python = value.value;
  if (python.kind === 'int' && python.value >= 0) return python.value;
  if (python.kind === 'bool') return python.value ? 1 : 0;
  if (python.kind === 'text') {
    const digits = python.value.trim().replace(/(?<=[\da-f])_(?=[\da-f])/gi, '');
    if (/^\+?(0|[1-9]\d{0,14}|0+|0x[\da-f]{1,12}|0o[0-7]{1,16}|0b[01]{1,50})$/i.test(digits))
      return Number(digits.replace('+', ''));
  }
  throw refusal(value, name, 'takes a whole number that is not negative');
}

function refusal({ source }: ChainValue<PythonValue>, name: string, rule: string): ParseError {
  const message = `gunicorn does not start: ${name} ${rule}`;
  return source.kind === 'file' ? parseError(source, message) : new ParseError(message);
}

function bindOf(
  option: GivenSetting | undefined,
  value: ChainValue<PythonValue> | Unmeasured | null,
): MaybeChainValue<string[]> {
  if (option !== undefined) return fromCommandLine(option.text.split(','), option, 'bind');
  if (value === null) {
    return fromDefault(['127.0.0.1:8000'], ID, 'unless the environment variable PORT says otherwise', 'bind');
  }
  if (!isKnown(value)) return value;
  const items = value.value.kind === 'list' ? value.value.items : [value.value];
  const texts = items.map((item) => (item.kind === 'text' ? item.value.trim() : null));
  if (texts.some((text) => text === null)) throw refusal(value, 'bind', 'takes a text or a list of texts');
  return following(
    texts.flatMap((text) => text ?? []),
    value,
  );
}

/** The kind of worker, which decides what the settings do. */
type Worker =
  | { kind: 'sync' | 'gthread' | 'async' | 'asgi'; name: string; class: ChainValue<string> }
  | { kind: 'other'; name: string; class: ChainValue<string>; why: string }
  | { kind: 'unknown'; why: Unmeasured };

function workerOf({ worker_class: workerClass, threads }: GunicornSettings): Worker {
  if (!isKnown(workerClass)) return { kind: 'unknown', why: workerClass };
  const name = workerClass.value.replace(/^egg:[^#]*#|^#+/, '');
  const as = (kind: 'sync' | 'gthread' | 'async' | 'asgi', shown: string): Worker => ({
    kind,
    name: shown,
    class: workerClass,
  });
  const other = (why: string): Worker => ({ kind: 'other', name, class: workerClass, why });
  // Config.worker_class puts the threaded worker in the place of the sync one.
  if (name === 'sync' || name.endsWith('SyncWorker')) {
    if (!isKnown(threads)) return { kind: 'unknown', why: threads };
    return threads.value > 1 ? as('gthread', 'gthread') : as('sync', 'sync');
  }
  switch (name) {
    case 'gthread':
    case 'gunicorn.workers.gthread.ThreadWorker':
      return as('gthread', 'gthread');
    case 'gevent':
    case 'gunicorn.workers.ggevent.GeventWorker':
      return as('async', 'gevent');
    case 'eventlet':
    case 'gunicorn.workers.geventlet.EventletWorker':
      return as('async', 'eventlet');
    case 'uvicorn.workers.UvicornWorker':
    case 'uvicorn.workers.UvicornH11Worker':
    case 'uvicorn_worker.UvicornWorker':
    case 'uvicorn_worker.UvicornH11Worker':
      return as('asgi', 'uvicorn worker');
    case 'asgi':
    case 'gunicorn.workers.gasgi.ASGIWorker':
      return as('asgi', 'asgi');
    case 'tornado':
    case 'gunicorn.workers.gtornado.TornadoWorker':
      return other('the tornado worker does not use keepalive: Tornado keeps connections by its own rules');
    case 'gevent_wsgi':
    case 'gevent_pywsgi':
    case 'gunicorn.workers.ggevent.GeventPyWSGIWorker':
      return other(`the ${name} worker does not use keepalive: gevent keeps connections by its own rules`);
    default:
      return other(`how the worker class ${name} keeps connections is not known`);
  }
}

function serverSide(worker: Worker, settings: GunicornSettings): { server: ChainServerSide; doubts: string[] } {
  const tcpKeepalive = fromDefault(null, ID, 'gunicorn leaves TCP keepalive off');
  const unknown = (why: Unmeasured): { server: ChainServerSide; doubts: string[] } => ({
    server: {
      reuse: why,
      idleCloseMs: why,
      maxRequests: why,
      maxAgeMs: why,
      announcesClose: null,
      capacity: why,
      requestTimeoutMs: null,
      tcpKeepalive,
    },
    doubts: [why.reason],
  });
  if (worker.kind === 'unknown') return unknown(worker.why);
  if (worker.kind === 'other') return unknown(unmeasured(worker.why));

  const { workers, threads, keepalive, timeout } = settings;
  const noAge = fromDefault<Limit>('never', ID, 'gunicorn has no limit of age');
  if (worker.kind === 'sync') {
    const once = <T>(value: T): ChainValue<T> => following(value, worker.class);
    return {
      server: {
        reuse: once(false),
        idleCloseMs: once<Limit>(0),
        maxRequests: once<Limit>(1),
        maxAgeMs: noAge,
        announcesClose: true, // SyncWorker.handle_request forces it on every response
        capacity: workers,
        requestTimeoutMs: derive(timeout, (value): Limit => (value === 0 ? 'never' : value * 1000)),
        tcpKeepalive,
      },
      doubts: [],
    };
  }

  const perWorker = settings.worker_connections;
  const doubts: string[] = [];
  let reuse: MaybeChainValue<boolean> = derive(keepalive, (value) => value > 0);
  if (worker.kind === 'gthread' && isKnown(reuse) && reuse.value) {
    // ThreadWorker.max_keepalived: so many may idle, and none when the threads could use all connections.
    if (!isKnown(perWorker)) reuse = perWorker;
    else if (!isKnown(threads)) reuse = threads;
    else if (perWorker.value <= threads.value) reuse = following(false, perWorker);
  }
  // A worker that stops after its first request announces that this was the last.
  const mayKeep = !isKnown(reuse) || reuse.value;
  if (mayKeep && isKnown(settings.max_requests) && settings.max_requests.value === 1) {
    const { max_requests_jitter: jitter } = settings;
    if (!isKnown(jitter)) reuse = jitter;
    else if (jitter.value === 0) reuse = following(false, settings.max_requests);
  }
  const maxRequests = derive(settings.max_requests, (value): Limit => (value === 0 ? 'never' : value));
  const restarts = isKnown(maxRequests) ? maxRequests.value !== 'never' : null;
  if (restarts === true) {
    doubts.push(
      'max_requests counts the requests of a worker; when it stops, all its idle connections are closed unannounced',
    );
  }
  return {
    server: {
      reuse,
      idleCloseMs:
        isKnown(reuse) && !reuse.value ? following<Limit>(0, reuse) : derive(keepalive, (value): Limit => value * 1000),
      maxRequests,
      requestLimitOf: 'worker',
      maxAgeMs: noAge,
      announcesClose: restarts === true ? false : null,
      capacity: worker.kind === 'asgi' ? null : product(workers, perWorker),
      ...(worker.kind === 'gthread' ? { makesRoom: true } : {}), // ThreadWorker.max_keepalived leaves a connection for each thread
      requestTimeoutMs: null, // of these workers `timeout` only asks whether they live
      tcpKeepalive,
    },
    doubts,
  };
}

/** With the source of the second. */
function product(a: MaybeChainValue<number>, b: MaybeChainValue<number>): MaybeChainValue<number> {
  if (!isKnown(a)) return a;
  return derive(b, (value) => value * a.value);
}
