import { type SqlToken, scanSql } from './scan-sql.ts';
import type { SqlSyntax } from './syntax.ts';

/** What a statement may begin with: everything else would do something. */
const ASKING = ['SELECT', 'WITH', 'VALUES', 'TABLE', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'FROM'];
const MAX_LENGTH = 100_000;

/** A part of a statement: text as it is, or the name of a parameter. */
export type StatementPart = { readonly text: string } | { readonly parameter: string };

/** One statement that asks, cut at its parameters. */
export interface Statement {
  readonly parts: readonly StatementPart[];
  /** The names of its parameters, each once, in the order of their first places. */
  readonly parameters: readonly string[];
}

/**
 * A statement that only asks: one, and one that begins like a question. It is the first of several walls: the database
 * itself is told to let nothing be written.
 *
 * @throws TypeError saying what is wrong with the text
 */
export function parseStatement(text: string, syntax: SqlSyntax): Statement {
  if (text.length > MAX_LENGTH) throw new TypeError(`is longer than ${MAX_LENGTH} characters`);
  const lines = text.replaceAll('\r\n', '\n');
  refuseControlCharacters(lines);
  const tokens = scanSql(lines, syntax);
  const end = endOf(lines, tokens);
  const asked = tokens.filter(({ start }) => start < end);
  refuseActs(lines, asked, syntax);
  return cut(lines.slice(0, end), asked);
}

/** They are white space to one database and a part of a word to another. */
function refuseControlCharacters(text: string): void {
  const place = [...text].findIndex((char) => (char < ' ' && char !== '\n' && char !== '\t') || char === '\u007f');
  if (place >= 0) throw new TypeError(`has a control character, its ${place + 1}. character`);
}

/** Where the one statement ends: at the semicolon behind it, or with the text. */
function endOf(text: string, tokens: readonly SqlToken[]): number {
  const semicolon = tokens.findIndex(({ start, end }) => text.slice(start, end) === ';');
  if (semicolon < 0) return text.length;
  const next = tokens.slice(semicolon).find(({ start, end }) => text.slice(start, end) !== ';');
  if (next === undefined) return (tokens[semicolon] as SqlToken).start;
  throw new TypeError(`must be one statement; another one begins in line ${lineOf(text, next.start)}`);
}

function refuseActs(text: string, tokens: readonly SqlToken[], syntax: SqlSyntax): void {
  const first = tokens.find(({ start, end }) => text.slice(start, end) !== '(');
  if (first === undefined) throw new TypeError('must ask something, and is empty');
  const word = text.slice(first.start, first.end).toUpperCase();
  if (first.type !== 'word' || !ASKING.includes(word)) {
    throw new TypeError(`must ask: begin with SELECT or WITH, not with ${JSON.stringify(word.slice(0, 40))}`);
  }
  for (const { type, start } of tokens) {
    const line = lineOf(text, start);
    if (type === 'executed comment') {
      throw new TypeError(`has a comment in line ${line} that the database would read as a part of it: /*!`);
    }
    const [own] = (type === 'symbol' && syntax.ownPlaceholders?.exec(text.slice(start, start + 20))) || [];
    if (own !== undefined) {
      throw new TypeError(`has the place of a value in line ${line}, ${own}; write the name of a parameter, :name`);
    }
  }
  syntax.refuses?.(words(text, tokens));
}

/** The words of a statement, upper case; what stands between two of them, or is quoted, is an empty one. */
function words(text: string, tokens: readonly SqlToken[]): readonly string[] {
  return tokens.map(({ type, start, end }) => (type === 'word' ? text.slice(start, end).toUpperCase() : ''));
}

function cut(text: string, tokens: readonly SqlToken[]): Statement {
  const parts: StatementPart[] = [];
  const parameters = new Set<string>();
  let at = 0;
  for (const { type, start, end } of tokens) {
    if (type !== 'parameter') continue;
    const parameter = text.slice(start + 1, end);
    parts.push({ text: text.slice(at, start) }, { parameter });
    parameters.add(parameter);
    at = end;
  }
  return { parts: [...parts, { text: text.slice(at) }], parameters: [...parameters] };
}

function lineOf(text: string, place: number): number {
  return text.slice(0, place).split('\n').length;
}
