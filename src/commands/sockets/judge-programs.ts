/** What the rules conclude about live sockets: one subject for each program. */
import { keepaliveFacts } from '../../keepalive/facts.ts';
import { rules as keepaliveRules } from '../../keepalive/rules/registry.generated.ts';
import { processSwitches } from '../../knowledge/switches.ts';
import { type Finding, judge } from '../../report/finding.ts';
import type { LiveSocket } from '../../sockets/live-socket.ts';
import type { SocketsFacts } from './facts.ts';
import { rules } from './rules/registry.generated.ts';

/** The sockets of one program that a rule may have something to say about. */
export interface AffectedProgram {
  /** The program and its processes, as a finding names them. */
  subject: string;
  /** null: several programs, or not known. */
  command: string | null;
  sockets: readonly LiveSocket[];
}

/** Holds the rules against each program. */
export function judgePrograms(
  programs: readonly AffectedProgram[],
  { middleboxes, netnsPid }: Pick<SocketsFacts, 'middleboxes' | 'netnsPid'>,
): Finding[] {
  return programs.flatMap(({ subject, command, sockets }) => {
    const facts: SocketsFacts = {
      ...keepaliveFacts({
        middleboxes,
        liveConnections: sockets.some(({ risk }) => risk !== null),
        switchesFor: (recommended) => (command === null ? [] : processSwitches(command, recommended)),
      }),
      liveSockets: sockets,
      netnsPid,
    };
    return [...judge(rules, subject, facts), ...judge(keepaliveRules, subject, facts)];
  });
}
