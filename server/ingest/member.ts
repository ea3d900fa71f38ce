/** What a number takes as JSON at most, with what separates it from the next. */
export const MOST_NUMBER_BYTES = 26;

/**
 * What a label or a field is called in rows and columns. `id` and `t` are the key and the time of a row there, so that
 * those names, and those that look like what becomes of them, have a `~` before them.
 */
export function memberName(name: string): string {
  return name === 'id' || name === 't' || name.startsWith('~') ? `~${name}` : name;
}

/** What a text takes as JSON at most: a control character has six bytes, all others no more than three. */
export function textBytes(text: string): number {
  return 6 * text.length + 3;
}

/** What a name takes as JSON at most, with its colon. */
export function memberBytes(name: string): number {
  return textBytes(name) + 1;
}
