import { describe, expect, test } from 'vitest';
import type { ConfigFiles } from '../../../../src/commands/chain/config/files.ts';
import { readGunicorn } from '../../../../src/commands/chain/gunicorn/read-gunicorn.ts';
import { describeFixture, fixtures } from './fixtures.ts';

const noFiles: ConfigFiles = { read: () => ({ kind: 'unreadable', reason: 'no such file' }), list: () => [] };

describe('readGunicorn', () => {
  test.each(fixtures)('reads $name as its expected file says', async ({ path }) => {
    await expect(describeFixture(path)).toMatchFileSnapshot(path.replace('.conf.py', '.expected.txt'));
  });

  const start = (words: string) =>
    readGunicorn({ configPath: null, words: words.split(' '), environmentWords: null }, noFiles);

  test.each<[words: string, product: string, reuse: boolean, idleCloseMs: number, capacity: number | null]>([
    ['gunicorn app:app', 'gunicorn (sync)', false, 0, 1],
    ['gunicorn -w 3 --keep-alive 75 app:app', 'gunicorn (sync)', false, 0, 3],
    ['-w 3 --threads 4', 'gunicorn (gthread)', true, 2000, 3000],
    ['-k gthread --keep-alive 75', 'gunicorn (gthread)', true, 75_000, 1000],
    ['-k gthread --keep-alive 0', 'gunicorn (gthread)', false, 0, 1000],
    ['-k gthread --threads 20 --worker-connections 20', 'gunicorn (gthread)', false, 0, 20],
    ['-k gunicorn.workers.sync.SyncWorker --threads 2', 'gunicorn (gthread)', true, 2000, 1000],
    ['-k egg:gunicorn#gevent --keep-alive 5', 'gunicorn (gevent)', true, 5000, 1000],
    ['-k eventlet --keep-alive 0', 'gunicorn (eventlet)', false, 0, 1000],
    ['-k uvicorn.workers.UvicornWorker --keep-alive 75', 'gunicorn (uvicorn worker)', true, 75_000, null],
    ['-k asgi --http-parser fast --keep-alive 75', 'gunicorn (asgi)', true, 75_000, null],
    ['--permit-unconventional-http-method --threads 4', 'gunicorn (gthread)', true, 2000, 1000],
  ])('makes of %j: %s', (words, product, reuse, idleCloseMs, capacity) => {
    const reading = start(words);
    const { server } = reading;
    expect(reading.product).toBe(product);
    expect(server).toMatchObject({ reuse: { value: reuse }, idleCloseMs: { value: idleCloseMs } });
    expect(server.capacity).toEqual(capacity === null ? null : expect.objectContaining({ value: capacity }));
  });

  test('knows that threads leave room for new connections beside idle ones, and nothing of the kind of other workers', () => {
    expect(start('-k gthread').server.makesRoom).toBe(true);
    for (const worker of ['gevent', 'uvicorn.workers.UvicornWorker', 'sync'])
      expect(start(`-k ${worker}`).server.makesRoom).toBeUndefined();
  });

  test.each(['tornado', 'gevent_pywsgi', 'my.workers.Own'])(
    'does not guess how a %s worker keeps connections',
    (worker) => {
      const { server, doubts } = start(`-k ${worker} --keep-alive 75`);
      expect(server).toMatchObject({ reuse: { kind: 'unmeasured' }, idleCloseMs: { kind: 'unmeasured' } });
      expect(doubts.join('\n')).toContain(worker);
    },
  );

  test('names the words of the command line as the source', () => {
    const { server } = start('--threads=2 --keep-alive 75');
    expect(server.idleCloseMs).toMatchObject({
      source: { kind: 'command-line', text: '--keep-alive 75' },
      setting: 'keepalive',
    });
  });

  test('takes the timeout of the sync worker for one of requests, and that of no other', () => {
    expect(start('--timeout 90').server.requestTimeoutMs).toMatchObject({ value: 90_000 });
    expect(start('--timeout 0').server.requestTimeoutMs).toMatchObject({ value: 'never' });
    expect(start('-k gthread --timeout 90').server.requestTimeoutMs).toBeNull();
  });

  test('says that max_requests closes idle connections unannounced', () => {
    const { server, doubts } = start('-k gthread --max-requests 1000');
    expect(server).toMatchObject({ maxRequests: { value: 1000 }, announcesClose: false });
    expect(doubts).toContainEqual(expect.stringContaining('max_requests counts the requests of a worker'));
    expect(start('-k gthread').server).toMatchObject({ maxRequests: { value: 'never' }, announcesClose: null });
  });

  test('says that gunicorn.conf.py was not read when no file is given', () => {
    expect(start('-w 1').doubts).toEqual([expect.stringContaining('gunicorn.conf.py')]);
  });

  test('knows nothing that the command line does not say when the settings are in a module', () => {
    const { settings, doubts } = start('-c python:my.settings --keep-alive 75');
    expect(settings.keepalive).toMatchObject({ value: 75 });
    expect(settings.timeout).toEqual({ kind: 'unmeasured', reason: expect.stringContaining('the module my.settings') });
    expect(doubts).toEqual([expect.stringContaining('the module my.settings')]);
  });

  test('reads the file of -c', () => {
    expect(() => start('-c missing.py')).toThrow(
      expect.objectContaining({ code: 'parse', message: 'missing.py: no such file' }),
    );
  });

  test('doubts an option that it does not know', () => {
    expect(start('--quick-and-new -w 2').doubts).toContainEqual("gunicorn's option --quick-and-new is not known");
  });
});
