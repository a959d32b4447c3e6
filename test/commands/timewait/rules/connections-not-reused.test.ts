import { describe, expect, test } from 'vitest';
import type { JudgedFlow } from '../../../../src/commands/timewait/facts.ts';
import type { TimeWaitFlow } from '../../../../src/commands/timewait/report.ts';
import { rule } from '../../../../src/commands/timewait/rules/connections-not-reused.ts';
import { closes, judgedFlow, ports } from '../time-wait-flow.ts';

const about = (different: Partial<JudgedFlow> = {}) => ({ table: null, flow: judgedFlow(different) });

describe('a thousand in TIME_WAIT beside twenty established', () => {
  test('say at a server that nothing is reused, with the lines for both ends', () => {
    expect(rule.judge(about())).toEqual([
      {
        severity: 'warning',
        message: expect.any(String),
        evidence: {
          timeWait: 1000,
          established: 20,
          closedPerSecond: 16.67,
          meanLifeAtMostMs: 1200,
          from: '30 closed and a mean life of 10 s at most',
        },
        remedy: [
          '# the server, this end, keeps connections for longer than that pool does;',
          '# gunicorn, whose sync workers keep none:',
          'gunicorn -k gthread --threads 8 --keep-alive 75',
          '# the client, the other end, keeps a pool; nginx before 1.29.7 needs this for it:',
          'upstream app { server 10.10.93.110:8000; keepalive 32; }',
          'proxy_http_version 1.1; proxy_set_header Connection "";',
          '# a program: one Session, Agent or http.Client for all its requests',
          '# not tcp_tw_recycle: it dropped clients behind a NAT and is gone since Linux 4.12',
          '# not tcp_fin_timeout: it is for FIN-WAIT-2, TIME_WAIT stays 60 s',
        ],
      },
    ]);
  });

  test('begin at a client with the lines for the client, and only those of the program that it is', () => {
    const nginx: Partial<TimeWaitFlow> = { side: 'client', owners: [{ pid: 1, command: 'nginx' }], ports: ports() };
    const [judgement] = rule.judge(about(nginx));
    expect(judgement?.message).toContain('closed by this side, the client');
    expect(judgement?.remedy.slice(0, 4)).toEqual([
      '# the client, this end, keeps a pool; nginx before 1.29.7 needs this for it:',
      'upstream app { server 10.10.93.110:8000; keepalive 32; }',
      'proxy_http_version 1.1; proxy_set_header Connection "";',
      '# the server, the other end, keeps connections for longer than that pool does;',
    ]);
  });

  test('bring what was watched into the sentence', () => {
    const watch = { opened: 80, closedHere: 75, kept: 20, keptUsed: 1 };
    expect(rule.judge(about({ watch }))).toMatchObject([
      {
        message: expect.stringMatching(/; while watched, 80 were opened, and 1 of the 20 that stayed were used$/),
        evidence: { openedWhileWatched: 80, keptAndUsed: 1 },
      },
    ]);
  });

  test('are a lower bound when the table is full', () => {
    expect(rule.judge(about({ closes: closes({ isLowerBound: true }) }))).toMatchObject([
      { message: expect.stringContaining('at least 1000 connections were') },
    ]);
  });
});

test.each<[string, Partial<TimeWaitFlow>]>([
  ['too few were closed', { closes: closes({ closed: 29 }) }],
  ['they are too rare', { closes: closes({ perSecond: 0.4 }) }],
  ['they live long', { meanLifeAtMostMs: 10_001 }],
  ['none was closed here', { meanLifeAtMostMs: null }],
  ['none was opened while it was watched', { watch: { opened: 0, closedHere: 0, kept: 3, keptUsed: 3 } }],
])('says nothing when %s', (_, different) => {
  expect(rule.judge(about(different))).toEqual([]);
});

test('says the same connections of loopback once', () => {
  expect(rule.judge(about({ isOtherEnd: true }))).toEqual([]);
});

test('says nothing of what is no flow', () => {
  expect(rule.judge({ table: null, flow: null })).toEqual([]);
});
