import { type ChildProcess, execFileSync, type SpawnOptions, spawn as spawnHere } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server that is not of this project, in the foreground, with its files in a folder of its own. */
export interface RealServer {
  port: number;
  child: ChildProcess;
  /** Ends it and removes its folder; may be called again. */
  stop(): Promise<void>;
}

/** Starts a program: here, or in a host of a lab. */
export type Spawn = (argv: readonly string[], options: SpawnOptions) => ChildProcess;

/** Where Debian puts servers that no user starts by hand. */
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', ...postgresFolders()];
/** A server that is not ready by then never will be. */
const START_TIMEOUT_MS = 30_000;

/** What is to be done when this process ends with servers running. */
const endings = new Set<() => void>();
const endAll = (): void => {
  for (const end of endings) end();
};

const onThisHost: Spawn = ([file = '', ...args], options) => spawnHere(file, args, options);

/** The path of a server's program; null when it is not installed. */
export function findServer(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/** Why a PostgreSQL server cannot be started here; null when it can. */
export function obstacleToPostgres(): string | null {
  const missing = ['postgres', 'initdb'].find((name) => findServer(name) === null);
  if (missing !== undefined) return `needs ${missing}: install postgresql`;
  return process.getuid?.() === 0 && postgresUser() === null
    ? 'needs a user postgres, since it does not run as root'
    : null;
}

/** Answers every request with 204. Outside a location, `keepalive_timeout 0` has no effect. */
const EMPTY_ANSWERS = 'location / { return 204; }';

/**
 * Starts nginx in one process: killing that ends its connections. It answers every request with 204 and the header
 * `X-Connection: <number of the connection> <number of the request on it>`, and closes what has been idle for `keepaliveTimeout` (as nginx
 * writes times: `7s`; `0`: after each reply). `http` and `server` are further directives of those blocks; what `server` says replaces the
 * answer with 204. `spawn` starts it in a host of a lab, and then it listens on all of that host's addresses; without it, on 127.0.0.1.
 */
export async function startNginx({
  port,
  keepaliveTimeout,
  http = '',
  server = EMPTY_ANSWERS,
  spawn,
}: {
  port: number;
  keepaliveTimeout: string;
  http?: string;
  server?: string;
  spawn?: Spawn;
}): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-nginx-'));
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const everywhere = existsSync('/proc/net/if_inet6') ? ['0.0.0.0', '[::]'] : ['0.0.0.0'];
  const hosts = spawn === undefined ? ['127.0.0.1'] : everywhere;
  // "user root": the folders are given to that user, and in a user namespace there may be no other.
  const config = `
    user root;
    daemon off;
    master_process off;
    pid ${folder}/pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${bodies.join(' ')}
      keepalive_timeout ${keepaliveTimeout};
      ${http}
      server {
        ${hosts.map((host) => `listen ${host}:${port};`).join(' ')}
        add_header X-Connection "$connection $connection_requests";
        ${server}
      }
    }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const argv = [programOf('nginx'), '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  return start({ port, argv, folder, spawn: spawn ?? onThisHost, isReady: /\bOS: / }); // logged after it has begun to listen
}

/** A WSGI application that answers every request with `ok`. */
const OK_APPLICATION = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "3"), ("Content-Type", "text/plain")])
    return [b"ok\\n"]
`;

/**
 * Starts gunicorn on loopback: a master and its workers, which end when it does. `args`: further arguments, such as `-k gthread` as two words.
 * `app`: the text of a Python module that defines `app`.
 */
export async function startGunicorn({
  port,
  args = [],
  app = OK_APPLICATION,
}: {
  port: number;
  args?: readonly string[];
  app?: string;
}): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-gunicorn-'));
  writeFileSync(join(folder, 'application.py'), app);
  // By itself it would wait 30 s for a worker whose threads are busy, and be killed by then without its workers.
  const own = [
    ...['--bind', `127.0.0.1:${port}`, '--chdir', folder, '--worker-tmp-dir', folder],
    ...['--graceful-timeout', '2'],
  ];
  const argv = [programOf('gunicorn'), ...own, ...args, 'application:app'];
  // SIGINT is its quick shutdown: it does not wait for its clients to leave.
  return start({ port, argv, folder, spawn: onThisHost, isReady: /Booting worker with pid/, endWith: 'SIGINT' });
}

/** Starts Redis on loopback, without persistence. `settings`: further lines of `redis.conf`. */
export async function startRedis({
  port,
  settings = [],
}: {
  port: number;
  settings?: readonly string[];
}): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-redis-'));
  const config = [`port ${port}`, 'bind 127.0.0.1', 'daemonize no', 'save ""', `dir ${folder}`, ...settings];
  writeFileSync(join(folder, 'redis.conf'), `${config.join('\n')}\n`);
  const argv = [programOf('redis-server'), join(folder, 'redis.conf')];
  return start({ port, argv, folder, spawn: onThisHost, isReady: /Ready to accept connections/ });
}

/**
 * Starts PostgreSQL on loopback with a cluster of its own. `authentication`: what `pg_hba.conf` asks of clients; `settings`: further ones, as
 * `name=value`.
 */
export async function startPostgres({
  port,
  authentication,
  settings: further = [],
}: {
  port: number;
  authentication: 'trust' | 'scram-sha-256';
  settings?: readonly string[];
}): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-postgres-'));
  const user = process.getuid?.() === 0 ? postgresUser() : null;
  const data = join(folder, 'data');
  const password = join(folder, 'password');
  try {
    chmodSync(folder, 0o700);
    writeFileSync(password, 'secret');
    if (user !== null) for (const path of [folder, password]) chownSync(path, user.uid, user.gid);
    const options = { ...user, cwd: folder, stdio: 'pipe' } as const;
    execFileSync(
      programOf('initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        '--auth',
        authentication,
        '--pwfile',
        password,
        '--no-sync',
        '--no-locale',
        '-E',
        'UTF8',
      ],
      options,
    );
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'fsync=off',
      ...further,
    ];
    const argv = [programOf('postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    const spawn: Spawn = (line, given) => onThisHost(line, { ...given, ...options, stdio: given.stdio ?? 'pipe' });
    // SIGINT is its "fast shutdown": it does not wait for its clients to leave.
    return await start({ port, argv, folder, spawn, isReady: /ready to accept connections/, endWith: 'SIGINT' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function start({
  port,
  argv,
  folder,
  spawn,
  isReady,
  endWith = 'SIGTERM',
}: {
  port: number;
  argv: readonly string[];
  folder: string;
  spawn: Spawn;
  /** The line of its log that says so: a port inside a lab cannot be tried from here. */
  isReady: RegExp;
  endWith?: NodeJS.Signals;
}): Promise<RealServer> {
  const child = spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  // Also when it could not be started at all.
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const killAll = (): void => {
    const workers = childrenOf(child.pid);
    child.kill('SIGKILL');
    for (const worker of workers) kill(worker);
  };
  const endWithUs = (): void => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  if (endings.size === 0) process.once('exit', endAll);
  endings.add(endWithUs);
  const stop = async (): Promise<void> => {
    child.kill(endWith);
    const impatience = setTimeout(killAll, 10_000);
    await over;
    clearTimeout(impatience);
    endings.delete(endWithUs);
    if (endings.size === 0) process.removeListener('exit', endAll);
    rmSync(folder, { recursive: true, force: true });
  };
  const log: string[] = [];
  const ready = new Promise<void>((resolve) => {
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on('line', (line) => {
        if (log.length < 100) log.push(line);
        if (isReady.test(line)) resolve();
      });
    }
  });
  const patience = setTimeout(killAll, START_TIMEOUT_MS);
  const isOver = await Promise.race([ready.then(() => false), over.then(() => true)]);
  clearTimeout(patience);
  if (!isOver) return { port, child, stop };
  await stop();
  throw new Error([`${argv.join(' ')} did not start:`, ...log].join('\n'));
}

/** The processes that a server has started itself, which do not end when it is killed. */
function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // it is over
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

function programOf(name: string): string {
  const path = findServer(name);
  if (path === null) throw new Error(`${name} is not installed`);
  return path;
}

/** The folders of all installed versions, the newest first. */
function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql';
  try {
    return readdirSync(root)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(root, version, 'bin'));
  } catch {
    return [];
  }
}

function postgresUser(): { uid: number; gid: number } | null {
  const id = (option: string): number =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
