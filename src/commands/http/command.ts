import { formatDuration } from '../../base/units.ts';
import { CERTIFICATE_MARGIN_MS, endpointFacts } from '../../connections/facts.ts';
import { probeHttp } from '../../connections/http/probe.ts';
import { rules as connectionRules } from '../../connections/rules/registry.generated.ts';
import { judge } from '../../report/finding.ts';
import type { Gap, Outcome } from '../../report/report.ts';
import { type CommandContext, defineRoom } from '../room.ts';
import { declareHttp } from './options.ts';
import { type HttpQuestion, readQuestion } from './question.ts';
import type { HttpData } from './report.ts';
import { rules } from './rules/registry.generated.ts';

/** Looks at how an HTTP server keeps connections. */
export const room = defineRoom({
  view: async () => (await import('./text.ts')).view,
  declare: declareHttp,

  run: async (operands, options, context) => askServer(readQuestion(operands, options), context),
});

/** Asks the server, and judges what it did. */
export async function askServer(question: HttpQuestion, context: CommandContext): Promise<Outcome<HttpData>> {
  const { probe, senders, middleboxes } = question;
  const { observation, host, attempts, gaps, interrupted } = await probeHttp(probe, context);
  const data: HttpData = { ...observation, senders, middleboxes };
  const { url, connect, address, port, certificate } = data;
  const endpoint = endpointFacts({
    connection: { ...connect, host, address, port, attempts },
    certificate:
      certificate === undefined
        ? null
        : { presented: certificate, excused: probe.insecure, marginMs: CERTIFICATE_MARGIN_MS },
  });
  return {
    data,
    findings: [...judge(connectionRules, url, endpoint), ...judge(rules, url, data)],
    gaps: [...unjudged(question, data), ...gaps].map((gap) => ({ subject: url, ...gap })),
    interrupted,
  };
}

/** Senders that may keep connections for longer than the server was waited for. */
function unjudged({ probe: { idle }, senders }: HttpQuestion, { idleClose }: HttpData): Omit<Gap, 'subject'>[] {
  if (idle === null || idleClose === null || idleClose.outcome !== 'alive' || idleClose.lowerMs === null) return [];
  const { lowerMs } = idleClose;
  return senders
    .filter(({ givesUpAfterMs }) => givesUpAfterMs === null || givesUpAfterMs >= lowerMs)
    .map(({ name, givesUpAfterMs }) => ({
      what: `idle close against ${name} (${givesUpAfterMs === null ? 'never' : formatDuration(givesUpAfterMs)})`,
      reason: `the server held its connections for all of --max-idle, ${formatDuration(idle.maxIdleMs)}`,
    }));
}
