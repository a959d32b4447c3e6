import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KaprobeError } from '../../../src/base/errors.ts';
import { room } from '../../../src/commands/chain/command.ts';
import type { ChainData, ChainHop } from '../../../src/commands/chain/report.ts';
import { type Outcome, sealReport } from '../../../src/report/report.ts';
import { runRoom } from '../../rooms.ts';

const FIXTURES = 'test/fixtures/chain';

/** Runs the command with what a user would type; `@` stands for the folder of fixtures. */
const run = (...argv: string[]): Promise<Outcome<ChainData>> =>
  runRoom(
    room,
    argv.map((word) => word.replace('@', FIXTURES)),
  );

async function mistake(...argv: string[]): Promise<string> {
  try {
    await run(...argv);
  } catch (error) {
    if (error instanceof KaprobeError) return error.hint === null ? error.message : `${error.message}; ${error.hint}`;
    throw error;
  }
  return 'no error';
}

const exitCode = (outcome: Outcome<ChainData>): number =>
  sealReport('chain', outcome, { version: '0', startedAt: new Date(0), durationMs: 0, failOn: 'error' }).exitCode;
const rulesOf = ({ findings }: Outcome<ChainData>): string[] => findings.map(({ rule }) => rule);
const hopsOf = ({ data }: Outcome<ChainData>): ChainHop[] => data.chains[0]?.hops ?? [];
const namesOf = (outcome: Outcome<ChainData>): string[] => hopsOf(outcome).map(({ name }) => name);

describe('nginx in front of gunicorn', () => {
  test('that closes after 2 s, with a pool that keeps connections for 60 s, is wrong at these lines', async () => {
    const outcome = await run('@/nginx-keepalive.conf', '@/gunicorn-early.conf.py', '--nginx-version', '1.22.1');
    expect(rulesOf(outcome)).toEqual(['upstream-closes-first']);
    expect(outcome.findings).toMatchObject([
      {
        severity: 'error',
        subject: 'nginx -> gunicorn',
        evidence: {
          poolIdle: '1 m',
          idleCloseMs: 2000,
          idleCloseSetBy: `${FIXTURES}/gunicorn-early.conf.py:3 keepalive`,
        },
        remedy: [`# ${FIXTURES}/gunicorn-early.conf.py:3: let it outlast nginx`, 'keepalive = 65'],
      },
    ]);
    expect(exitCode(outcome)).toBe(1);
  });

  test('that closes after 75 s is clean', async () => {
    const outcome = await run('@/nginx-keepalive.conf', '@/gunicorn-late.conf.py', '--nginx-version', '1.22.1');
    expect(outcome.findings).toEqual([]);
    expect(outcome.gaps).toEqual([]);
    expect(outcome.data.chains).toMatchObject([{ route: null, verdicts: [{ kind: 'aligned' }] }]);
    expect(exitCode(outcome)).toBe(0);
  });

  test('without a pool reuses nothing, and costs a minute of TIME_WAIT a request', async () => {
    const outcome = await run(
      ...['--proxy', '@/nginx-plain.conf', '--app', '@/gunicorn-late.conf.py'],
      ...['--nginx-version', '1.22.1', '--rate', '200/s'],
    );
    expect(outcome.findings).toMatchObject([
      {
        rule: 'upstream-not-reused',
        severity: 'warning',
        evidence: { closesFirst: 'either', timeWaitCount: 12_000, requestsPerSecond: 200 },
      },
    ]);
    const [finding] = outcome.findings;
    expect(finding?.remedy).toEqual(
      expect.arrayContaining(['    server 127.0.0.1:8000;', '    keepalive 32;', 'proxy_http_version 1.1;']),
    );
    expect(exitCode(outcome)).toBe(0);
  });

  test('is one chain a route, those alike together', async () => {
    const outcome = await run('@/nginx-routes.conf', '@/gunicorn-late.conf.py', '--nginx-version', '1.22.1');
    expect(outcome.data.chains.map(({ route, verdicts }) => [route, verdicts[0]?.kind])).toEqual([
      ['shop.example / and 1 more', 'aligned'],
      ['shop.example /old/', 'not-reused'],
    ]);
    expect(outcome.findings).toMatchObject([{ subject: 'nginx -> gunicorn (shop.example /old/)' }]);
  });

  test('can be asked about one route', async () => {
    const routes = (words: string) =>
      run('@/nginx-routes.conf', '@/gunicorn-late.conf.py', '--nginx-version', '1.22.1', '--route', words);
    expect((await routes('/api/')).data.chains).toMatchObject([{ route: 'shop.example /api/' }]);
    await expect(routes('/nowhere')).rejects.toThrow("--route '/nowhere' is in no route of nginx");
  });

  test('of unknown version is not called aligned where the version decides', async () => {
    const outcome = await run('@/nginx-routes.conf', '@/gunicorn-code.conf.py');
    expect(exitCode(outcome)).toBe(2);
    expect(outcome.gaps.map(({ what }) => what)).toContain('whether gunicorn keeps connections open');
    expect(hopsOf(outcome)[1]?.doubts.join()).toContain('gunicorn-code.conf.py:4');
  });
});

test('servers that make room for new connections are not said to be full of idle ones', async () => {
  const full = await run(
    ...['--hop', 'role=client,pool-idle=30s,pool-size=5000', '--proxy', '@/nginx-keepalive.conf'],
    ...['--app', '@/gunicorn-late.conf.py', '--nginx-version', '1.22.1', '--rate', '2000/s'],
  );
  expect(full.findings).toEqual([]);
  const sync = await run(
    '--hop',
    'role=client,pool-idle=1s',
    '--app',
    'gunicorn -k gevent --worker-connections 50 app:app',
    '--rate',
    '100/s',
    '--margin',
    '0s',
  );
  expect(rulesOf(sync)).toEqual(['idle-connections-occupy-workers']);
});

describe('the lines that switch reuse on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-chain-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'nginx.conf');

  /** Comments come with the place as `@LINE`. */
  async function linesFor(http: string[], nginxVersion = '1.22.1'): Promise<string[]> {
    writeFileSync(file, ['events {}', 'http {', ...http, '}'].join('\n'));
    const outcome = await run(file, '@/gunicorn-late.conf.py', '--nginx-version', nginxVersion);
    expect(rulesOf(outcome)).toEqual(['upstream-not-reused']);
    const [, ...lines] = outcome.findings[0]?.remedy ?? [];
    return lines.map((line) => line.replace(`${file}:`, '@'));
  }

  test('repeat the headers of the levels around, which a header of its own would end', async () => {
    expect(
      await linesFor([
        'proxy_set_header Host $host;',
        'proxy_set_header X-Say "it\'s; \\"so\\"";',
        'proxy_set_header Connection close;',
        'upstream app { server 127.0.0.1:8000; }',
        'server { location / { proxy_pass http://app; } }',
      ]),
    ).toEqual([
      '# @6, in upstream app',
      'keepalive 32;',
      '# @7, beside it',
      'proxy_http_version 1.1;',
      '# those from around hold here only when repeated',
      'proxy_set_header Host $host;',
      'proxy_set_header X-Say "it\'s; \\"so\\"";',
      'proxy_set_header Connection "";',
    ]);
  });

  test('take the place of lines that say otherwise, which nginx would refuse beside them', async () => {
    expect(
      await linesFor([
        'proxy_http_version 1.0;',
        'upstream app { keepalive 4; server 127.0.0.1:8000; least_conn; }',
        'server { location / { proxy_pass http://app; proxy_set_header Connection upgrade; } }',
      ]),
    ).toEqual([
      '# @4, in place of that line, at the end of upstream app: behind any balancing method',
      'keepalive 32;',
      '# @3, in place of what stands there',
      'proxy_http_version 1.1;',
    ]);
  });

  test('leave WebSockets as they are', async () => {
    expect(
      await linesFor([
        "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
        'upstream app { keepalive 4; server 127.0.0.1:8000; }',
        'proxy_http_version 1.1;',
        'server { location / { proxy_pass http://app; proxy_set_header Connection $connection_upgrade; } }',
      ]),
    ).toEqual([
      '# in the map that makes $connection_upgrade, in place of close: requests that ask for no upgrade',
      "'' '';",
    ]);
  });

  test('keep the port and the Host that the next hop sees', async () => {
    expect(await linesFor(['server { location / { proxy_pass https://backend.example/x; } }'])).toEqual([
      'upstream NAME {',
      '    server backend.example:443;',
      '    keepalive 32;',
      '}',
      '# @3, in place of backend.example; what follows the address stays',
      'proxy_pass https://NAME;',
      '# @3, beside it',
      'proxy_http_version 1.1;',
      'proxy_set_header Host backend.example;',
      'proxy_set_header Connection "";',
    ]);
  });

  test('lead to a Unix socket as before', async () => {
    const lines = await linesFor(['server { location / { proxy_pass http://unix:/run/app.sock:/x; } }']);
    expect(lines).toEqual(
      expect.arrayContaining([
        '    server unix:/run/app.sock;',
        '# @3, in place of unix:/run/app.sock and a colon behind it; what follows the address stays',
        'proxy_set_header Host localhost;',
      ]),
    );
  });

  test('let a pool idle and use connections more than once', async () => {
    const location = 'server { location / { proxy_pass http://app; } }';
    expect(
      await linesFor(['upstream app { server 127.0.0.1:8000;', 'keepalive_requests 1; }', location], '1.29.7'),
    ).toEqual(['# @4, in place of what stands there', 'keepalive_requests 1000;']);
    expect(
      await linesFor(['upstream app { server 127.0.0.1:8000;', 'keepalive_timeout 0; }', location], '1.29.7'),
    ).toEqual(['# @4, in place of what stands there', 'keepalive_timeout 60s;']);
  });
});

describe('hops', () => {
  test('keep the order of their flags, whatever these are', async () => {
    const outcome = await run(
      ...['--client', 'requests', '--middlebox', '350s', '--hop', 'name=lb,preset=aws-alb'],
      ...['--proxy', 'envoy', '--middlebox', 'juniper-srx-tcp', '--app', 'node'],
    );
    expect(namesOf(outcome)).toEqual(['requests', 'middlebox', 'lb', 'envoy', 'juniper-srx-tcp', 'node']);
    expect(hopsOf(outcome).map(({ role }) => role)).toEqual([
      'client',
      'middlebox',
      'proxy',
      'proxy',
      'middlebox',
      'app',
    ]);
    expect(outcome.data.chains[0]?.verdicts).toHaveLength(5);
  });

  test('of the same kind get names of their own', async () => {
    expect(namesOf(await run('--proxy', 'envoy', '--proxy', 'envoy', '--app', 'node'))).toEqual([
      'envoy',
      'envoy-2',
      'node',
    ]);
  });

  test('take single settings over what they are', async () => {
    const outcome = await run('--client', 'go', '--hop', 'stack=node,name=api,idle-close=95s,tcp-keepalive=60s/15s/4');
    expect(hopsOf(outcome)[1]).toMatchObject({
      name: 'api',
      server: {
        idleCloseMs: { value: 95_000, source: { kind: 'flag', text: 'idle-close=95s' } },
        tcpKeepalive: { value: { idleMs: 60_000, intervalMs: 15_000, count: 4 } },
      },
    });
    expect(exitCode(outcome)).toBe(0);
  });

  test('of which nothing is known but what is given are guessed no further', async () => {
    const outcome = await run('--hop', 'role=client,reuse=yes', '--hop', 'role=app,idle-close=75s');
    expect(outcome.gaps).toEqual([
      { subject: 'client -> app', what: 'how long client keeps idle connections', reason: 'not given' },
    ]);
    expect(exitCode(outcome)).toBe(2);
  });

  test('get their role from their settings', async () => {
    const outcome = await run(
      '--hop',
      'name=a,pool-idle=1m',
      '--hop',
      'name=b,idle-close=2m,pool-idle=50s',
      '--hop',
      'name=c,idle-close=5m',
    );
    expect(hopsOf(outcome).map(({ role }) => role)).toEqual(['client', 'proxy', 'app']);
  });

  test.each([
    ['idle-close=0s', { server: { reuse: { value: false } } }],
    ['idle-close=never', { server: { idleCloseMs: { value: 'never' } } }],
    ['keep-alive=no', { server: { reuse: { value: false } } }],
    ['max-requests=100,announces-close=no', { server: { maxRequests: { value: 100 }, announcesClose: false } }],
    ['max-age=1h', { server: { maxAgeMs: { value: 3_600_000 } } }],
    ['capacity=8', { server: { capacity: { value: 8 } } }],
    ['request-timeout=30s', { server: { requestTimeoutMs: { value: 30_000 } } }],
    ['tcp-keepalive=off', { server: { tcpKeepalive: { value: null } } }],
  ])('of a server understand %s', async (settings, expected) => {
    expect(hopsOf(await run('--client', 'go', '--hop', `role=app,stack=node,${settings}`))[1]).toMatchObject(expected);
  });

  test.each([
    ['pool-idle=0s', { client: { reuse: { value: false }, noReuseBecause: 'no-pool' } }],
    ['reuse=no', { client: { reuse: { value: false }, noReuseBecause: 'single-use' } }],
    ['reuse=http-1.0', { client: { reuse: { value: false }, noReuseBecause: 'http-1.0' } }],
    ['pool-size=never', { client: { poolSize: { value: 'never' } } }],
    ['pool-requests=50', { client: { maxRequests: { value: 50 } } }],
    ['response-timeout=5s', { client: { responseTimeoutMs: { value: 5000 } } }],
    ['retries=idempotent', { client: { retries: 'idempotent' } }],
    ['honours-hint=yes', { client: { honoursHint: true } }],
  ])('of a client understand %s', async (settings, expected) => {
    expect(hopsOf(await run('--hop', `stack=requests,${settings}`, '--app', 'node'))[0]).toMatchObject(expected);
  });

  test.each([
    ['refreshes=no', { middlebox: { keepaliveRefreshes: false } }],
    ['idle-timeout=20m', { middlebox: { idleTimeoutMs: { value: 1_200_000 } } }],
  ])('that are middleboxes understand %s', async (settings, expected) => {
    const outcome = await run('--client', 'go', '--hop', `preset=juniper-srx-tcp,${settings}`, '--app', 'node');
    expect(hopsOf(outcome)[1]).toMatchObject(expected);
  });

  test('that are load balancers take one idle timeout for both sides', async () => {
    const outcome = await run('--client', 'go', '--hop', 'preset=aws-alb,idle-timeout=90s', '--app', 'node');
    expect(hopsOf(outcome)[1]).toMatchObject({
      server: { idleCloseMs: { value: 90_000 } },
      client: { poolIdleMs: { value: 90_000 } },
    });
  });

  test('whose preset is about one side leave the other open', async () => {
    const outcome = await run('--client', 'go', '--proxy', 'gcp-alb-backend', '--app', 'node');
    expect(hopsOf(outcome)[1]).toMatchObject({
      server: { idleCloseMs: { kind: 'unmeasured', reason: 'the preset gcp-alb-backend is about the other side' } },
      client: { poolIdleMs: { value: 600_000 } },
    });
  });
});

describe('known pairs', () => {
  test.each([
    [['--proxy', 'aws-alb', '--app', 'node'], ['upstream-closes-first']],
    [['--proxy', 'aws-alb', '--app', 'node27'], []],
    [['--proxy', 'aws-alb', '--app', 'node26'], ['upstream-closes-first']],
    [['--proxy', 'aws-alb', '--app', 'gunicorn -k gthread app:app'], ['upstream-closes-first']],
    [['--proxy', 'aws-alb', '--app', 'gunicorn -k gthread --keep-alive 90 app:app'], []],
    [['--proxy', 'gcp-alb-backend', '--app', 'jetty'], ['upstream-closes-first']],
    [['--proxy', 'heroku-router2-dyno-keepalive', '--app', 'gunicorn -k gthread app:app'], ['upstream-closes-first']],
    [['--client', 'aiohttp', '--app', 'uvicorn'], ['upstream-closes-first']],
    [['--client', 'go', '--app', 'node'], ['upstream-closes-first']],
    [['--client', 'undici', '--app', 'node'], []],
    [['--client', 'agentkeepalive', '--app', 'node', '--margin', '1s'], []],
    [['--proxy', 'envoy', '--app', 'uvicorn'], ['upstream-closes-first']],
    [['--client', 'requests', '--app', 'arangodb'], ['upstream-closes-first']],
    [['--client', 'go', '--app', 'uwsgi'], ['upstream-not-reused']],
  ])('%j give %j', async (argv, rules) => {
    expect(rulesOf(await run(...argv))).toEqual(rules);
  });
});

test('a worker behind a firewall, described in YAML, is told to send keepalive probes', async () => {
  const outcome = await run('@/worker-behind-firewall.yaml');
  expect(outcome.findings).toMatchObject([
    { rule: 'keepalive-missing-towards-middlebox', severity: 'error', subject: 'worker -> database' },
  ]);
  expect(outcome.findings[0]?.remedy.join('\n')).toContain('TCPKeepAliveAdapter(idle=300, interval=15, count=4');
  expect(outcome.data.chains[0]?.verdicts.map(({ kind }) => kind)).toEqual(['path-forgets', 'aligned']);
});

test('the command line of gunicorn comes before its file', async () => {
  const outcome = await run(
    '--client',
    'undici',
    '--app',
    '@/gunicorn-early.conf.py',
    '--gunicorn',
    '--keep-alive 90 app:app',
  );
  expect(namesOf(outcome)).toEqual(['undici', 'gunicorn']);
  expect(hopsOf(outcome)[1]?.server?.idleCloseMs).toMatchObject({
    value: 90_000,
    source: { kind: 'command-line', text: '--keep-alive 90' },
  });
});

describe('cannot be meant:', () => {
  test.each([
    [[], 'no hops given'],
    [['--client', 'requests'], 'a chain has at least two ends that speak HTTP, here is only requests'],
    [['--client', 'requests', '--middlebox', '350s'], 'here is only requests'],
    [['@/nginx-plain.conf'], 'here is only nginx'],
    [['--app', 'node', '--client', 'requests'], 'node is an app and cannot stand before requests'],
    [['@/gunicorn-late.conf.py', '@/nginx-plain.conf'], 'gunicorn is an app and cannot stand before nginx'],
    [['--proxy', 'envoy', '--client', 'go'], 'go is a client and cannot stand behind envoy'],
    [
      ['--middlebox', '350s', '--client', 'go', '--app', 'node'],
      'middlebox only forwards packets and needs a hop on either side',
    ],
    [['--client', 'node', '--app', 'uvicorn'], 'node passes no requests on, so it can only be the app'],
    [['--client', 'go', '--app', 'requests'], 'requests accepts no connections, so it can only be the client'],
    [['--client', 'requets', '--app', 'node'], 'did you mean requests'],
    [['--hop', 'stack=noed', '--app', 'node'], 'did you mean node'],
    [['--client', 'go', '--proxy', 'aws-abl', '--app', 'node'], 'did you mean'],
    [['--client', 'go', '--hop', 'preset=aws-abl', '--app', 'node'], 'unknown middlebox'],
    [['--client', 'go', '--hop', 'preset=render-proxy', '--app', 'node'], 'says nothing about idle HTTP connections'],
    [
      ['--client', 'go', '--hop', 'preset=wireguard-persistent-keepalive', '--app', 'node'],
      'not about TCP connections',
    ],
    [['--client', 'go', '--hop', 'name=x', '--app', 'node'], 'the hop says nothing about its connections'],
    [['--client', 'go', '--hop', 'role=middlebox,refreshes=no', '--app', 'node'], 'a middlebox needs idle-timeout'],
    [
      ['--client', 'go', '--hop', 'preset=juniper-srx-tcp,role=proxy', '--app', 'node'],
      'it is a middlebox, not a proxy',
    ],
    [['--client', 'go', '--hop', 'stack=node,pool-idle=5s'], 'pool-idle is not for an app'],
    [['--client', 'go', '--hop', 'stack=node,idle-close=75'], "idle-close '75' has no unit"],
    [['--client', 'go', '--hop', 'stack=node,idle-close=9999d'], 'is out of range'],
    [['--client', 'go', '--hop', 'stack=node,capacity=many'], 'is not a whole number'],
    [['--client', 'go', '--hop', 'stack=node,keep-alive=maybe'], 'is not one of yes, no'],
    [['--hop', 'stack=go,reuse=maybe', '--app', 'node'], 'is not one of yes, no, http-1.0'],
    [['--hop', 'stack=go,retries=most', '--app', 'node'], 'is not one of none, idempotent, unwritten, all'],
    [['--client', 'go', '--hop', 'stack=node,tcp-keepalive=60s'], 'is neither off nor idle/interval/count'],
    [['--client', 'go', '--hop', 'stack=node,tcp-keepalive=60s/15s/0'], 'has no whole number of probes'],
    [['--client', 'go', '--hop', `name=${'x'.repeat(41)},stack=node`], 'a name has 1 to 40 characters'],
    [['--hop', 'name=a,stack=go', '--hop', 'name=a,stack=node'], "two hops are named 'a'"],
    [
      ['--proxy', '@/nginx-plain.conf', '--proxy', 'test/../@/nginx-plain.conf', '--app', 'node'],
      'read from the same file',
    ],
    [['@/nginx-plain.conf', '--app', 'node'], 'files without a flag can only be combined with --client'],
    [['@/nosuch.conf', '@/gunicorn-late.conf.py'], 'no such file'],
    [['--client', 'go', '--app', '@'], 'is a folder; give the file in it'],
    [['--proxy', '-', '--app', 'node'], 'standard input is not read; give a file'],
    [['--proxy', '/dev/null', '--app', 'node'], 'is not a regular file; give a file'],
    [['--client', 'go', '--app', 'package.json'], "cannot tell what 'package.json' is"],
    [['--client', 'go', '--app', '@/worker-behind-firewall.yaml'], 'describes a whole chain'],
    [['@/misspelt.yaml'], "misspelt.yaml:5: unknown key 'idle-clos'; did you mean idle-close?"],
    [['@/loop.conf', '@/gunicorn-late.conf.py'], 'loop.conf:3'],
    [['--client', 'go', '--app', 'flask run'], 'is no command line that can be read; only that of gunicorn is'],
    [['--client', 'go', '--app', 'uvicorn app:app'], 'such as --hop stack=uvicorn,idle-close=75s'],
    [['--client', 'go', '--app', "gunicorn 'app"], 'not closed'],
    [['--client', 'go', '--app', ''], '--app is empty'],
    [['--client', 'go', '--middlebox', '30', '--app', 'node'], "--middlebox '30' has no unit"],
    [['--client', 'go', '--app', 'node', '--rate', '200'], "--rate '200' is no rate"],
    [['--client', 'go', '--app', 'node', '--rate', '0/s'], "--rate '0/s' is no rate"],
    [['--client', 'go', '--app', 'node', '--margin', '2h'], 'is out of range'],
    [['--client', 'go', '--app', 'node', '--measure', 'node'], 'is no http or https URL'],
    [['--measure', 'http://127.0.0.1/', '--app', 'node'], '--measure stands before any hop'],
    [['--client', 'go', '--app', 'node', '--measure', 'api=http://127.0.0.1/'], "there is no hop 'api'"],
    [['--proxy', '@/nginx-plain.conf', '--app', 'node', '--nginx-version', 'new'], 'is not a version of nginx'],
    [Array.from({ length: 33 }, () => ['--proxy', 'envoy']).flat(), 'a chain of 33 hops is too long'],
  ])('%j', async (argv, expected) => {
    expect(await mistake(...argv)).toContain(expected);
  });
});

describe('hostile files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-chain-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('of 50 MB are not read', async () => {
    const path = join(folder, 'nginx.conf');
    writeFileSync(path, Buffer.alloc(50 * 1024 * 1024, '#'));
    expect(await mistake('--proxy', path, '--app', 'node')).toContain('is larger than 8 MiB');
  });

  test('in YAML are read up to 64 KiB', async () => {
    const path = join(folder, 'long.yaml');
    writeFileSync(path, `# ${'x'.repeat(70_000)}\nhops: []\n`);
    expect(await mistake(path)).toContain('is longer than 65536 characters');
  });

  test('with hundreds of routes are judged in part, and that is said', async () => {
    const path = join(folder, 'routes.conf');
    const routes = Array.from(
      { length: 300 },
      (_, n) =>
        `upstream u${n} { server 127.0.0.1:1; keepalive ${n + 1}; }\nserver { listen ${n + 1}; location / { proxy_pass http://u${n}; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
    );
    writeFileSync(path, `events {}\nhttp {\n${routes.join('\n')}\n}\n`);
    const outcome = await run('--proxy', path, '--app', 'node', '--nginx-version', '1.22.1');
    expect(outcome.data.chains).toHaveLength(24);
    expect(outcome.gaps).toEqual([
      { subject: 'chain', what: '276 further routes', reason: expect.stringContaining('choose with --route') },
    ]);
  });

  test('that nginx -T wrote are read as the files that they came from', async () => {
    const dump = join(folder, 'dump.txt');
    const [main, site] = ['/etc/nginx/nginx.conf', '/etc/nginx/sites-enabled/shop'];
    writeFileSync(
      dump,
      [
        `# configuration file ${main}:\nevents {}\nhttp { include sites-enabled/*; }\n`,
        `# configuration file ${site}:\nserver {\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n`,
      ].join('\n'),
    );
    const { findings } = await run('--proxy', dump, '--app', 'node', '--nginx-version', '1.22.1');
    expect(findings).toMatchObject([{ rule: 'upstream-not-reused' }]);
    expect(findings[0]?.remedy.join('\n')).toContain(`${site}:2`);
  });

  test('and command lines of gunicorn are told apart, wherever it is installed', async () => {
    const command = `/usr/bin/gunicorn -c ${FIXTURES}/gunicorn-late.conf.py app:app`;
    const outcome = await run('--proxy', '@/nginx-keepalive.conf', '--app', command, '--nginx-version', '1.22.1');
    expect(hopsOf(outcome)[1]?.server?.idleCloseMs).toMatchObject({
      value: 75_000,
      source: { kind: 'file', file: `${FIXTURES}/gunicorn-late.conf.py`, line: 3 },
    });
  });

  test('are told apart by what stands in them when their name says nothing', async () => {
    const nginx = join(folder, 'site');
    const gunicorn = join(folder, 'settings');
    writeFileSync(nginx, 'events {}\nhttp { server { location / { proxy_pass http://127.0.0.1:1; } } }\n');
    writeFileSync(gunicorn, 'keepalive = 9\nworker_class = "gthread"\n');
    expect(namesOf(await run(nginx, gunicorn, '--nginx-version', '1.22.1'))).toEqual(['nginx', 'gunicorn']);
  });
});
