import type { Report } from '../report/report.ts';
import type { RenderOptions } from './render-options.ts';
import type { Page } from './text-layout.ts';

/** How people see one room's data. Other formats need none of this: they write the report as it is. */
export interface View<Data = unknown> {
  /** The first lines. Left out: the verdict, and how many findings there are. */
  headline?(page: Page, report: Report<Data>): string[];
  /** All of the data is kaprobe's own text, line feeds included: nothing in it comes from outside. */
  isOwnText?: true;
  /** Blocks of lines, an empty line between them. What is in the report is printable already. */
  body(page: Page, report: Report<Data>): string[][];
  /** Something that happens while the room is at work: whole lines. */
  event?(event: LiveEvent, options: RenderOptions): string;
  /** How things are at the moment, in at most that many lines. */
  screen?(state: unknown, options: RenderOptions, height: number): string[];
}

/** What a room tells before its report, as plain data that survives JSON. */
export interface LiveEvent {
  event: string;
}

/** The whole of a list of which no more stands in the report than a screen shows. */
export interface LongList {
  /** The key of the report's data under which the list stands. */
  key: string;
  /** Its items as JSON, separated by commas, in parts of UTF-8. Each part holds until the next is asked for. */
  jsonParts(indent: string): Iterable<Uint8Array>;
}

/** What is to be written. */
export interface Document {
  report: Report;
  view: View;
  /** null: the report has all. */
  longList: LongList | null;
}

/** An output format: one file in `formats/`, named as `--format` names it. */
export interface Format {
  /** What it is for, in a few words of the help. */
  summary: string;
  /** The whole document, ending in a newline; a long one in parts. */
  render(document: Document, options: RenderOptions): string | Iterable<Uint8Array>;
  /** People read it: on a terminal it may show how things are while the room is at work. Left out: programs read it. */
  forPeople?: true;
  /** It writes what is in `longList`, or shows no more than a screenful anyway. Left out: the report must have all. */
  takesLongLists?: true;
  /** An event the moment that it happens, in whole lines. Left out: only the report is written. */
  event?(event: LiveEvent, view: View, options: RenderOptions): string;
}
