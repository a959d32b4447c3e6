/** What `explain` returns: all rules by name, or all that is known of one. */
export type ExplainData =
  | { kind: 'list'; rules: { id: string; title: string }[] }
  | {
      kind: 'rule';
      id: string;
      /** What is wrong, in one line. */
      title: string;
      /** Markdown. */
      explain: string;
    };
