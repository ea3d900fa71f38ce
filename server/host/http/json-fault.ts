/** Where a text stops being JSON. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly got: string;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Unrolled, since an alternation inside a star makes the engine remember every letter of a long string.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON wants them escaped
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y;
const WORD = /true|false|null/y;

/**
 * The first place where a text that does not parse stops being JSON; undefined when it is JSON.
 *
 * `JSON.parse` says it in other words in each version of Node, and for short texts not at all. The nesting must have
 * been checked before.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text);
  scanner.space();
  scanner.value();
  scanner.space();
  if (scanner.fault === undefined && scanner.at < text.length) scanner.fail('the end');
  if (scanner.fault === undefined) return undefined;
  const before = text.slice(0, scanner.at).split('\n');
  const rest = text.slice(scanner.at, scanner.at + 20).split(/\s/)[0] ?? '';
  const got = scanner.at >= text.length ? 'the end' : JSON.stringify(rest === '' ? text[scanner.at] : rest);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected: scanner.fault, got };
}

class Scanner {
  readonly #text: string;
  at = 0;
  fault: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  fail(expected: string): undefined {
    this.fault ??= expected;
  }

  space(): void {
    this.#take(SPACE);
  }

  value(): void {
    const letter = this.#text[this.at];
    if (letter === '{') this.#list('}', '"," or "}"', () => this.#member());
    else if (letter === '[') this.#list(']', '"," or "]"', () => this.value());
    else if (letter === '"') this.#string('a string that ends, with its quotes and control characters escaped');
    else if (!this.#take(WORD) && !this.#take(NUMBER)) this.fail('a value');
  }

  #list(end: string, expected: string, item: () => void): undefined {
    this.at++;
    this.space();
    if (this.#text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      item();
      this.space();
      if (this.fault !== undefined) return;
      const letter = this.#text[this.at];
      if (letter !== ',' && letter !== end) return this.fail(expected);
      this.at++;
      if (letter === end) return;
      this.space();
    }
  }

  #member(): undefined {
    if (this.#text[this.at] !== '"') return this.fail('a member name in double quotes');
    this.#string('a member name that ends');
    if (this.fault !== undefined) return;
    this.space();
    if (this.#text[this.at] !== ':') return this.fail('":"');
    this.at++;
    this.space();
    this.value();
  }

  #string(expected: string): void {
    if (!this.#take(STRING)) this.fail(expected);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#text);
    if (match === null) return false;
    this.at += match[0].length;
    return match[0].length > 0;
  }
}
