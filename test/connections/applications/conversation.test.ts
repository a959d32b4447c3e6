import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { oneLine } from '../../../src/connections/applications/conversation.ts';
import { applications } from '../../../src/connections/applications/registry.generated.ts';
import { anyText } from '../../any-text.ts';
import { fakePeer, patient, turn } from './fake-peer.ts';

const target = { host: 'db.example', port: 1234, tls: false };

/** A reply to the first request of each protocol that lets the conversation go on. */
const REPLIES: Record<string, string> = {
  http: 'HTTP/1.1 204 No Content\r\n\r\n',
  postgres: 'R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I',
  redis: '+PONG\r\n',
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe.each(Object.entries(applications))('a conversation in %s', (name, application) => {
  const reply = REPLIES[name] ?? `write a reply of ${name} into this test`;

  test('says nothing before the first request, and leaves the connection open when it is closed', async () => {
    const peer = fakePeer();
    const before = peer.listenerCount();
    const conversation = application.open(peer.stream, target);
    const answer = conversation.request(patient());
    await peer.heard();
    peer.say(reply);
    await expect(answer).resolves.toMatchObject({ kind: 'replied', afterMs: 0 });
    conversation.close();
    conversation.close();
    expect(peer.stream.writable && peer.stream.readable).toBe(true);
    expect(peer.listenerCount()).toBe(before + 1); // so that an error ends the connection and not the program
    peer.fail('ECONNRESET');
  });

  test('adds no listener from one request to the next', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const counts = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const answer = conversation.request(patient());
      await peer.heard();
      peer.say(reply);
      expect((await answer).kind).toBe('replied');
      counts.add(peer.listenerCount());
    }
    expect(counts.size).toBe(1);
  });

  test('is silent when no reply comes in time, and then waits for that reply without asking again', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const first = conversation.request({ ...patient(), timeoutMs: 5000 });
    await peer.heard();
    vi.advanceTimersByTime(5000);
    await expect(first).resolves.toEqual({ kind: 'silent', afterMs: 5000 });
    const second = conversation.request(patient());
    const again = peer.heard();
    vi.advanceTimersByTime(300);
    peer.say(reply);
    await expect(second).resolves.toMatchObject({ kind: 'replied', afterMs: 300 });
    await expect(Promise.race([again, 'nothing'])).resolves.toBe('nothing');
  });

  test('takes a reply that comes after its time for the request that it answers', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const first = conversation.request({ ...patient(), timeoutMs: 1000 });
    await peer.heard();
    vi.advanceTimersByTime(1000);
    expect((await first).kind).toBe('silent');
    await turn();
    peer.say(reply);
    const second = conversation.request(patient());
    await expect(peer.heard()).resolves.not.toBe('');
    peer.say(reply);
    expect((await second).kind).toBe('replied');
  });

  test('rejects with the reason of an abort, before and during the wait', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const stop = new AbortController();
    const answer = conversation.request({ timeoutMs: 1000, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    await expect(conversation.request({ timeoutMs: 1000, signal: stop.signal })).rejects.toThrow('enough');
  });

  test('rejects a second request while the first one waits', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const first = conversation.request(patient());
    await expect(conversation.request(patient())).rejects.toThrow(RangeError);
    conversation.close();
    await expect(first).resolves.toMatchObject({ kind: 'ended', how: 'failed', error: 'ERR_STREAM_DESTROYED' });
  });

  test.each([
    ['a FIN', 'closed', null],
    ['ECONNRESET', 'reset', 'ECONNRESET'],
    ['EPIPE', 'reset', 'EPIPE'],
    ['ETIMEDOUT', 'failed', 'ETIMEDOUT'],
  ] as const)('is ended by %s, during a request and ever after', async (what, how, error) => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const answer = conversation.request(patient());
    await peer.heard();
    vi.advanceTimersByTime(70);
    if (error === null) peer.finish();
    else peer.fail(what);
    const ended = { kind: 'ended', how, error, lastWords: null };
    await expect(answer).resolves.toEqual({ ...ended, afterMs: 70 });
    await expect(conversation.request(patient())).resolves.toEqual({ ...ended, afterMs: null });
  });

  test('tells of an end between two requests, and of one before the conversation', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    peer.finish();
    await new Promise((resolve) => peer.stream.once('end', resolve));
    const ended = { kind: 'ended', how: 'closed', error: null, afterMs: null, lastWords: null };
    await expect(conversation.request(patient())).resolves.toEqual(ended);
    await expect(application.open(peer.stream, target).request(patient())).resolves.toEqual(ended);
  });

  test('tells an end made here from one made there', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    peer.stream.destroy();
    await expect(conversation.request(patient())).resolves.toMatchObject({ error: 'ERR_STREAM_DESTROYED' });
    await expect(application.open(peer.stream, target).request(patient())).resolves.toMatchObject({
      error: 'ERR_STREAM_DESTROYED',
    });
  });

  test('survives a peer that never stops talking', async () => {
    const peer = fakePeer();
    const conversation = application.open(peer.stream, target);
    const answer = conversation.request({ ...patient(), timeoutMs: 1000 });
    await peer.heard();
    for (let round = 0; round < 64; round += 1) peer.say('\r\n'.repeat(32_768));
    expect((await answer).kind).toBe('refused');
    for (let round = 0; round < 64; round += 1) peer.say('\r\n'.repeat(32_768));
    expect((await conversation.request(patient())).kind).toBe('refused');
  });
});

describe('oneLine', () => {
  test.each([
    ['two\r\nlines', 'two lines'],
    ['\u001b[31mred\u0007', '[31mred'],
    ['right\u202eto left', 'right to left'],
    ['\u2028', ''],
    ['x'.repeat(201), `${'x'.repeat(197)}...`],
  ])('makes of %j one line', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  test('never gives more than 200 characters, half characters, or control characters', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 2000 }), (text) => {
        const line = oneLine(text);
        expect([...line].length).toBeLessThanOrEqual(200);
        expect(line).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

test('a stream without a reader of its own is read', async () => {
  // What has been pushed before anybody listened must not be taken for the reply.
  const stream = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() });
  stream.push('+ready\r\n');
  const conversation = applications['redis']?.open(stream, target);
  await turn();
  const answer = conversation?.request(patient());
  stream.push('+PONG\r\n');
  await expect(answer).resolves.toMatchObject({ summary: '+PONG' });
});
