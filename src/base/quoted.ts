/** A text of the user's, short enough to stand in a message. */
export function quoted(text: string): string {
  return `'${text.length > 60 ? `${text.slice(0, 57)}...` : text}'`;
}
