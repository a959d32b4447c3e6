import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { report as list } from '../../fixtures/reports/explain-list.ts';
import { report as rule } from '../../fixtures/reports/explain-rule.ts';
import { renderText } from '../../rooms.ts';

const plain = { width: 60, color: false, unicode: false };

describe('the text of a rule', () => {
  test('is wrapped, lists below their bullets; code and long words stay whole', () => {
    expect(renderText(rule, plain)).toBe(`keepalive-made-up
A made-up rule whose title is rather long, so that it does
not fit a narrow page in one line

What it means. Nobody can tell, since this rule is made up.
The text goes on for as long as it takes to be wrapped, and
names \`net.ipv4.tcp_keepalive_time\`.

Why it happens. For two reasons:
- the first one, which is long enough to go on in a second
  line below its own text and not below its bullet
- the second, bold one

    sysctl -w net.ipv4.tcp_keepalive_time=300   # this line stays as it is

Sources.
https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html#tcp-keepalive-time-integer-and-its-neighbours
`);
  });

  test('has its name and its leads in bold', () => {
    const coloured = renderText(rule, { ...plain, color: true });
    const bold = coloured.split('\u001b[1m').flatMap((part) => part.split('\u001b[22m').slice(0, -1));
    expect(bold).toEqual(['keepalive-made-up', 'What it means.', 'Why it happens.', 'Sources.']);
    expect(stripVTControlCharacters(coloured)).toBe(renderText(rule, plain));
  });
});

test('the list has each name with its title below', () => {
  expect(renderText(list, plain)).toBe(`kaprobe knows 2 rules. kaprobe explain RULE explains one.

keepalive-made-up
    A made-up rule with a title as long as titles may be,
    which wraps on a page
short
    Another
`);
});
