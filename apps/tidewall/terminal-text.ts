/** What takes two columns of a terminal: Chinese, Japanese and Korean, full-width forms, pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** What takes none. */
const MARK = /\p{M}/u;
/** Control characters, which a terminal obeys, and those that turn the direction of a text around. */
const OBEYED = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A stranger's text that does nothing to a terminal but stand in it. */
export function harmless(text: string): string {
  return text.replace(OBEYED, '·');
}

/** How many columns a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** The start of a text that fits, with `…` where something is left out. */
export function cutToColumns(text: string, most: number): string {
  if (columnsOf(text) <= most) return text;
  let columns = 0;
  let end = 0;
  for (const character of text) {
    columns += widthOf(character);
    if (columns > most - 1) break;
    end += character.length;
  }
  return most < 1 ? '' : `${text.slice(0, end)}…`;
}

/** As `cutToColumns`, with spaces behind it up to that width. */
export function inColumns(text: string, columns: number): string {
  const cut = cutToColumns(text, columns);
  return cut + ' '.repeat(Math.max(0, columns - columnsOf(cut)));
}

function widthOf(character: string): number {
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
