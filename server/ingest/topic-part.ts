/** What a topic's name may hold, without what means something in the names that are made here: `~`, `=` and `,`. */
const PLAIN = /^[\p{L}\p{M}\p{N}._:@$-]+$/u;
const PLAIN_CHARACTER = /^[\p{L}\p{M}\p{N}._:@$-]$/u;

/**
 * A text as a part of a topic's name. Different texts stay different, since what may not stand there is written as `~`
 * and two hex digits for each of its bytes in UTF-8.
 *
 * @param text not empty, without lone surrogates
 */
export function escapePart(text: string): string {
  // A part that is nothing but one or two dots is no name.
  if (text === '.' || text === '..') return escapeCharacter('.').repeat(text.length);
  return PLAIN.test(text) ? text : Array.from(text, escapeCharacterUnlessPlain).join('');
}

function escapeCharacterUnlessPlain(character: string): string {
  return PLAIN_CHARACTER.test(character) ? character : escapeCharacter(character);
}

function escapeCharacter(character: string): string {
  let escaped = '';
  for (const byte of Buffer.from(character)) escaped += `~${byte.toString(16).padStart(2, '0')}`;
  return escaped;
}
