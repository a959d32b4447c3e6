import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { wholeSeconds } from '../../src/knowledge/stack.ts';
import { stacks } from '../../src/knowledge/stacks/registry.generated.ts';
import { librarySwitches, processSwitches } from '../../src/knowledge/switches.ts';
import { complaintsOfPython } from '../python.ts';

const values = { idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 120_000 };
const withoutUserTimeout = { ...values, userTimeoutMs: 0 };

const linesOf = (id: string, with_ = values): string =>
  stacks[id]?.switchOn?.(with_).join('\n') ?? `no switches in ${id}`;
const withSwitches = Object.keys(stacks).filter((id) => stacks[id]?.switchOn !== undefined);

describe('librarySwitches', () => {
  test.each([
    ['postgres', ['libpq', 'PostgreSQL JDBC']],
    ['postgresql', ['libpq', 'PostgreSQL JDBC']],
    ['redis', ['redis-py', 'redis for Node']],
    ['rediss', ['redis-py', 'ioredis']],
    ['http', ['requests', 'Node http']],
    ['https', ['requests', 'Node http']],
    ['tcp', ['Python socket', 'Go']],
    ['tls', ['Python socket', 'Go']],
  ])('names two libraries for %s', (scheme, names) => {
    const headings = librarySwitches(scheme, values).filter((line) => line.startsWith('#'));
    expect(headings).toEqual(names.map((name) => expect.stringContaining(`# ${name}`)));
  });

  test.each(['', 'gopher', '__proto__', 'constructor'])('knows nothing for the scheme "%s"', (scheme) => {
    expect(librarySwitches(scheme, values)).toEqual([]);
  });
});

describe('switchOn', () => {
  test('fills libpq with seconds, and the user timeout with milliseconds', () => {
    expect(stacks['libpq-psycopg']?.switchOn?.(values)).toEqual([
      'postgresql://HOST:PORT/DATABASE?keepalives=1&keepalives_idle=60&keepalives_interval=15&keepalives_count=4&tcp_user_timeout=120000',
      "psycopg.connect('host=HOST dbname=DATABASE', keepalives=1, keepalives_idle=60, keepalives_interval=15, keepalives_count=4, tcp_user_timeout=120000)",
    ]);
  });

  test.each([
    ['pgjdbc', 'tcp_keepalive_time=60 net.ipv4.tcp_keepalive_intvl=15 net.ipv4.tcp_keepalive_probes=4'],
    ['python-redis-py', 'socket.TCP_KEEPIDLE: 60'],
    ['python-requests', 'TCPKeepAliveAdapter(idle=60, interval=15, count=4, socket_options=options)'],
    ['python-urllib3', '(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)'],
    ['node-redis', 'keepAliveInitialDelay: 60000'],
    ['node-ioredis', 'keepAlive: 60000'],
    ['node-net', 'socket.setKeepAlive(true, 60000);'],
    ['node-http-agent-global', 'keepAliveMsecs: 60000'],
    ['go-net-dialer', 'Idle:     60 * time.Second'],
    ['java-socket', 'TCP_KEEPIDLE, 60'],
  ])('fills %s with values in its own unit', (id, expected) => {
    expect(linesOf(id)).toContain(expected);
  });

  test('writes neither NaN nor undefined nor an empty line, and leaves a user timeout of 0 out', () => {
    expect(withSwitches.length).toBeGreaterThan(0);
    const wrong = withSwitches.filter((id) => {
      const [full, without] = [linesOf(id), linesOf(id, withoutUserTimeout)];
      const isEmpty = `${full}\n${without}`.split('\n').some((line) => line.trim() === '');
      return isEmpty || /NaN|undefined|null/.test(full + without) || /user_?timeout|options=options/i.test(without);
    });
    expect(wrong).toEqual([]);
  });
});

describe('processSwitches', () => {
  test.each([
    ['python3.11', 'Python socket'],
    ['gunicorn: worker', 'Python socket'],
    ['MainThread', 'Node net'],
    ['java', 'Java 11'],
    ['postgres', 'PostgreSQL server'],
    ['redis-server', 'Redis server'],
    ['mysqld', 'MySQL or MariaDB'],
    ['nginx', 'nginx'],
  ])('knows what %s runs on', (command, name) => {
    expect(processSwitches(command, values)[0]).toContain(`# ${name}`);
  });

  test.each(['', 'node_exporter', 'pythonic', '__proto__', 'bash'])('knows nothing of "%s"', (command) => {
    expect(processSwitches(command, values)).toEqual([]);
  });

  test('has nothing but the timers of the host for what is always on with them', () => {
    expect(processSwitches('memcached', values)).toEqual([
      '# memcached, with the timers of the host',
      'sysctl -w net.ipv4.tcp_keepalive_time=60 net.ipv4.tcp_keepalive_intvl=15 net.ipv4.tcp_keepalive_probes=4',
    ]);
  });

  test('is told by no name of two stacks, and has lines for each name', () => {
    const names = Object.values(stacks).flatMap(({ processes }) => processes ?? []);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => processSwitches(name, values).length === 0)).toEqual([]);
  });
});

test('a duration below a second becomes the one second that the kernel takes at least', () => {
  expect([0, 400, 1000, 1600, 60_000].map(wholeSeconds)).toEqual([1, 1, 1, 2, 60]);
});

describe('the lines for Python', () => {
  const linuxPython = spawnSync('python3', ['-c', 'import socket; socket.TCP_USER_TIMEOUT']).status === 0;
  const python = withSwitches.filter((id) => id.startsWith('python-'));
  const programs = python.flatMap((id) => [
    [id, linesOf(id)],
    [`${id}, without a user timeout`, linesOf(id, withoutUserTimeout)],
  ]);
  const complaints = complaintsOfPython(Object.fromEntries(programs));

  test.skipIf(!linuxPython)('set the values on a real socket (needs python3 on Linux)', () => {
    const program = [
      'import socket',
      'sock = socket.socket()',
      ...(stacks['python-socket']?.switchOn?.(values) ?? []),
      'names = ["TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT"]',
      'print(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *[sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names])',
    ].join('\n');
    const { stdout, stderr } = spawnSync('python3', ['-c', program], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '1 60 15 4 120000\n', stderr: '' });
  });

  test.skipIf(complaints === null)('are valid Python (needs python3)', () => {
    expect(Object.keys(complaints ?? {})).toContain('python-socket');
    expect(Object.entries(complaints ?? {}).filter(([, complaint]) => complaint !== null)).toEqual([]);
  });
});
