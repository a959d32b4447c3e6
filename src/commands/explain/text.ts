import { plural } from '../../base/units.ts';
import type { View } from '../../output/format.ts';
import { type Page, wrap } from '../../output/text-layout.ts';
import type { ExplainData } from './report.ts';

export const view: View<ExplainData> = {
  isOwnText: true,
  headline: (page, { data }) =>
    data.kind === 'rule'
      ? [page.paint.strong(data.id), ...wrap(data.title, page.width)]
      : [`kaprobe knows ${plural(data.rules.length, 'rule')}. kaprobe explain RULE explains one.`],
  body: (page, { data }) =>
    data.kind === 'rule'
      ? markdownBlocks(page, data.explain)
      : [
          data.rules.flatMap(({ id, title }) => [
            page.paint.strong(id),
            ...wrap(title, page.width - 4).map((line) => `    ${line}`),
          ]),
        ],
};

/**
 * Markdown as these texts have it: paragraphs, lists and indented code, with a bold lead here and there. Code spans keep their backticks: without
 * colour nothing else would tell them from the sentence.
 */
function markdownBlocks(page: Page, markdown: string): string[][] {
  return markdown
    .trim()
    .split(/\n\s*\n/)
    .map((block) => {
      if (block.startsWith('    ')) return block.split('\n');
      const items = block.split(/\n(?=[-*] |\d+\. )/);
      return items.flatMap((item) => paragraph(page, item.replace(/\s*\n\s*/g, ' ')));
    });
}

/** A paragraph, or an item of a list, whose further lines are indented below its text. */
function paragraph(page: Page, text: string): string[] {
  const [, bullet = '', lead = '', rest = ''] = /^([-*] |\d+\. )?(?:\*\*(.+?)\*\*)?(.*)$/s.exec(text) ?? [];
  const [first = '', ...others] = wrap(`${bullet}${lead}${rest.replaceAll('**', '')}`, page.width, bullet.length);
  const head = bullet + lead;
  return [first.startsWith(head) ? bullet + page.paint.strong(lead) + first.slice(head.length) : first, ...others];
}
