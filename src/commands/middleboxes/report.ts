/** What `middleboxes` returns. */
import type { MiddleboxPreset } from '../../knowledge/preset.ts';

export interface MiddleboxesData {
  search: string | null;
  presets: MiddleboxPreset[];
}
