/** What stands in a header as it is: printable ASCII, no line break. */
const HEADER_TEXT = /^[\t\x20-\x7e]*$/;

/** Whether a text can be the value of a header. */
export function isHeaderText(text: string): boolean {
  return HEADER_TEXT.test(text);
}
