/** Where the rendered report will be shown. */
export interface RenderOptions {
  /** Columns. */
  width: number;
  color: boolean;
  /** Whether the reader's locale can show more than ASCII. */
  unicode: boolean;
}
