import type { SqlSyntax } from './syntax.ts';

/** A piece of a statement's text. White space and comments are none. */
export type SqlToken =
  /** A keyword, an unquoted name or a number. */
  | { readonly type: 'word'; readonly start: number; readonly end: number }
  /** `"a b"` */
  | { readonly type: 'name'; readonly start: number; readonly end: number }
  | { readonly type: 'text'; readonly start: number; readonly end: number }
  /** `:region` */
  | { readonly type: 'parameter'; readonly start: number; readonly end: number }
  /** A comment that the database reads as a part of the statement. */
  | { readonly type: 'executed comment'; readonly start: number; readonly end: number }
  /** One character of anything else, or several that belong together. */
  | { readonly type: 'symbol'; readonly start: number; readonly end: number };

const WORD = /[A-Za-z0-9_\u0080-\uffff]/;
const NAME_START = /[A-Za-z_]/;
/** The text holds no other control characters: see `parseStatement`. */
const SPACE = /[\t\n ]/;

/**
 * Cuts the text of a statement where the database would.
 *
 * `:name` is a parameter unless it follows a value (`a[1:n]`, `{n:UInt8}`), a colon (`::int`) or is a bound of a slice
 * (`a[:n]`); `a[(:n)]` is one.
 *
 * @throws TypeError saying in which line something begins that does not end
 */
export function scanSql(text: string, syntax: SqlSyntax): SqlToken[] {
  return new Scan(text, syntax).all();
}

class Scan {
  readonly #text: string;
  readonly #syntax: SqlSyntax;
  readonly #tokens: SqlToken[] = [];
  /** For each open bracket, whether it holds a subscript, where a colon is a slice's. */
  readonly #brackets: boolean[] = [];
  #at = 0;

  constructor(text: string, syntax: SqlSyntax) {
    this.#text = text;
    this.#syntax = syntax;
  }

  all(): SqlToken[] {
    while (this.#at < this.#text.length) if (!this.#space() && !this.#comment()) this.#token();
    return this.#tokens;
  }

  #space(): boolean {
    if (!SPACE.test(this.#text[this.#at] as string)) return false;
    this.#at += 1;
    return true;
  }

  #comment(): boolean {
    const { hashComments, spacedDashes } = this.#syntax;
    if (this.#follows('--') && (!spacedDashes || SPACE.test(this.#text[this.#at + 2] ?? ' '))) return this.#line();
    if (hashComments && this.#follows('#')) return this.#line();
    if (!this.#follows('/*')) return false;
    const start = this.#at;
    const executed = this.#syntax.executedComments && /^\/\*M?!/.test(this.#text.slice(start, start + 4));
    this.#block();
    if (executed) this.#push('executed comment', start);
    return true;
  }

  #line(): true {
    while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at += 1;
    return true;
  }

  #block(): void {
    const start = this.#at;
    let depth = 1;
    this.#at += 2;
    while (depth > 0) {
      if (this.#at >= this.#text.length) throw this.#unended('a comment', start);
      if (this.#follows('*/')) depth -= 1;
      else if (this.#syntax.nestedComments && this.#follows('/*')) depth += 1;
      else {
        this.#at += 1;
        continue;
      }
      this.#at += 2;
    }
  }

  #token(): void {
    const { syntax, start, char } = { syntax: this.#syntax, start: this.#at, char: this.#text[this.#at] as string };
    if (char === "'") this.#quoted('text', syntax.backslashes || this.#isEscapeText(start));
    else if (char === '"') {
      if (syntax.doubleQuotedTexts) this.#quoted('text', syntax.backslashes);
      else this.#quoted('name', syntax.backslashesInNames);
    } else if (char === '`' && syntax.backticks) this.#quoted('name', syntax.backslashesInNames);
    else if (char === '[' && syntax.bracketedNames) this.#bracketedName();
    else if (char === '$' && syntax.dollarQuotes && this.#dollarQuoted()) return;
    else if (char === ':') this.#colon();
    else if (WORD.test(char)) this.#word();
    else this.#symbol(char);
  }

  #word(): void {
    const start = this.#at;
    // A dollar sign begins no quote within a name.
    while (WORD.test(this.#text[this.#at] ?? '') || this.#text[this.#at] === '$') this.#at += 1;
    this.#push('word', start);
  }

  /** Whether the quote follows an `E` that stands alone. */
  #isEscapeText(start: number): boolean {
    const last = this.#tokens.at(-1);
    if (!this.#syntax.escapeTexts || last?.type !== 'word' || last.end !== start) return false;
    return this.#text.slice(last.start, last.end).toUpperCase() === 'E';
  }

  #quoted(type: 'text' | 'name', backslashes: boolean): void {
    const start = this.#at;
    const quote = this.#text[start] as string;
    for (this.#at += 1; ; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#unended(type === 'text' ? 'a text' : 'a name', start);
      if (char === '\\' && backslashes) this.#at += 1;
      else if (char === quote && this.#text[this.#at + 1] === quote) this.#at += 1;
      else if (char === quote) break;
    }
    this.#at += 1;
    this.#push(type, start);
  }

  #bracketedName(): void {
    const start = this.#at;
    const end = this.#text.indexOf(']', start);
    if (end < 0) throw this.#unended('a name', start);
    this.#at = end + 1;
    this.#push('name', start);
  }

  #dollarQuoted(): boolean {
    const start = this.#at;
    const [tag] = /^\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/.exec(this.#text.slice(start)) ?? [];
    if (tag === undefined) return false;
    const end = this.#text.indexOf(tag, start + tag.length);
    if (end < 0) throw this.#unended('a text', start);
    this.#at = end + tag.length;
    this.#push('text', start);
    return true;
  }

  #colon(): void {
    const start = this.#at;
    while (this.#text[this.#at] === ':') this.#at += 1;
    const several = this.#at - start > 1;
    if (several || !this.#mayBeParameter(start)) {
      this.#push('symbol', start);
      return;
    }
    while (/[A-Za-z0-9_]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    this.#push('parameter', start);
  }

  #mayBeParameter(colon: number): boolean {
    if (!NAME_START.test(this.#text[colon + 1] ?? '')) return false;
    const last = this.#tokens.at(-1);
    const touches = last !== undefined && last.end === colon && !this.#isOperator(last);
    return !touches && this.#brackets.at(-1) !== true;
  }

  /** Whether a token is one that a value may follow. */
  #isOperator(token: SqlToken): boolean {
    return token.type === 'symbol' && !/^[)\]}:]/.test(this.#text.slice(token.start, token.end));
  }

  #symbol(char: string): void {
    const last = this.#tokens.at(-1);
    // Of a list a value may be a part, of a subscript a slice.
    if (char === '[') this.#brackets.push(last !== undefined && this.#isSubscripted(last));
    else if (char === '(' || char === '{') this.#brackets.push(false);
    else if (')]}'.includes(char)) this.#brackets.pop();
    this.#at += 1;
    this.#push('symbol', this.#at - 1);
  }

  #isSubscripted(token: SqlToken): boolean {
    const text = this.#text.slice(token.start, token.end);
    if (token.type === 'word') return !/^(array|in|and|or|not|select|when|then|else|values?)$/i.test(text);
    return token.type !== 'symbol' || /^[)\]]/.test(text);
  }

  #follows(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #push(type: SqlToken['type'], start: number): void {
    this.#tokens.push({ type, start, end: this.#at });
  }

  #unended(what: string, start: number): TypeError {
    const line = this.#text.slice(0, start).split('\n').length;
    return new TypeError(`${what} that begins in line ${line} does not end`);
  }
}
