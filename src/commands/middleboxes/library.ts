import type { Report } from '../../report/report.ts';
import { ask, listOf, text } from '../shared/library.ts';
import { findMiddleboxes } from './command.ts';
import type { MiddleboxesData } from './report.ts';

/**
 * Lists the presets with all of these words in their id, name, vendor or kind; without words all of them. A search without a match is
 * exit code 2. Rejects with a UsageError for what is no text.
 */
export async function middleboxes(
  words: string | readonly string[] = [],
): Promise<Report<MiddleboxesData, 'middleboxes'>> {
  const texts = listOf(text)(typeof words === 'string' ? [words] : words, 'words');
  return ask('middleboxes', {}, () => findMiddleboxes(texts));
}
