/** What is wrong with a subject that is subscribed to; undefined when nothing is. */
export function faultOfSubject(subject: string): string | undefined {
  const tokens = subject.split('.');
  for (const [index, token] of tokens.entries()) {
    if (token === '') return `has an empty part: ${JSON.stringify(subject)}`;
    if (SPACES.test(token)) return `must have no spaces: ${JSON.stringify(subject)}`;
    if (token !== '>' && token.includes('>')) return `has > beside other characters of a part: ${subject}`;
    if (token !== '*' && token.includes('*')) return `has * beside other characters of a part: ${subject}`;
    if (token === '>' && index < tokens.length - 1) return `has > not at its end: ${subject}`;
  }
  return undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be in a line of the protocol
const SPACES = /[\s\u0000-\u001f\u007f]/;

/** Whether messages of several subjects come by it. */
export function hasWildcard(subject: string): boolean {
  return subject.split('.').some((token) => token === '*' || token === '>');
}
