import { Command } from '@commander-js/extra-typings';
import { type AnyReport, commands } from '../src/commands/index.ts';
import type { CommandContext, Room } from '../src/commands/room.ts';
import type { Document, Format, View } from '../src/output/format.ts';
import { format as json } from '../src/output/formats/json.ts';
import { format as text } from '../src/output/formats/text.ts';
import type { RenderOptions } from '../src/output/render-options.ts';
import { openPage } from '../src/output/text-layout.ts';
import type { Outcome, Report } from '../src/report/report.ts';
import { notPlainIn } from './helpers/plain-data.ts';

const quiet: CommandContext = { signal: new AbortController().signal, progress: () => {}, failOn: 'error' };

/** Runs a room with what a user would type behind the command's name. Throws at once when an option has no such value. */
export function runRoom<Data>(room: Room<Data>, argv: readonly string[]): Promise<Outcome<Data>> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  room.declare(command);
  command.parse([...argv], { from: 'user' });
  return room.run(command.args, command.opts(), quiet).then((result) => {
    if ('kind' in result) throw new Error('another program answered');
    const wrong = notPlainIn(result, 'outcome');
    if (wrong.length > 0) throw new Error(`a room returned what is no plain data: ${wrong.join(', ')}`);
    return result;
  });
}

const views: Readonly<Record<string, View>> = Object.fromEntries(
  await Promise.all(
    Object.entries(commands).map(
      async ([name, { load }]) => [name, await (await load()).view()] satisfies [string, View],
    ),
  ),
);

/** The report as a format has it, in one piece. */
export function renderAs(format: Format, report: Report, options: RenderOptions): string {
  const rendered = format.render(documentOf(report), options);
  if (typeof rendered === 'string') return rendered;
  return Buffer.concat(Array.from(rendered, (part) => Buffer.from(part))).toString();
}

export const renderText = (report: Report, options: RenderOptions): string => renderAs(text, report, options);

export const renderJson = (report: AnyReport): string =>
  renderAs(json, report, { width: 80, color: false, unicode: false });

/** The body that a view makes of data alone. */
export function bodyOf<Data>(view: View<Data>, data: Data, options: Partial<RenderOptions> = {}): string[][] {
  const page = openPage({ width: 80, color: false, unicode: false, ...options });
  const report: Report<Data> = {
    schemaVersion: '1.0',
    tool: { name: 'kaprobe', version: '0' },
    command: '',
    startedAt: '',
    durationMs: 0,
    data,
    findings: [],
    gaps: [],
    verdict: 'ok',
    exitCode: 0,
  };
  return view.body(page, report);
}

function documentOf(report: Report): Document {
  const view = views[report.command];
  if (view === undefined) throw new Error(`there is no room ${report.command}`);
  return { report, view, longList: null };
}
