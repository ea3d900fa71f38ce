import type { GivenParameter } from './given-parameter.ts';

/** How a database reads the text of a statement: as far as it takes to tell words from what is quoted. */
export interface SqlSyntax {
  /** Whether a backslash takes the meaning of what follows it in `'…'`. */
  readonly backslashes: boolean;
  /** Whether `"…"` is a text, read like `'…'`; otherwise it is a name. */
  readonly doubleQuotedTexts: boolean;
  /** Whether `` `…` `` is a name. */
  readonly backticks: boolean;
  /** Whether a backslash takes the meaning of what follows it in names too. */
  readonly backslashesInNames: boolean;
  /** Whether `[…]` is a name. */
  readonly bracketedNames: boolean;
  /** Whether `E'…'` is a text with backslashes. */
  readonly escapeTexts: boolean;
  /** Whether `$$…$$` and `$tag$…$tag$` are texts. */
  readonly dollarQuotes: boolean;
  /** Whether `#` begins a comment. */
  readonly hashComments: boolean;
  /** Whether `--` begins a comment only before a space. */
  readonly spacedDashes: boolean;
  /** Whether comments may stand in comments. */
  readonly nestedComments: boolean;
  // Slashes and stars cannot be shown in a comment of this form.
  // Whether comments that begin with `/*!` are read as a part of the statement.
  readonly executedComments: boolean;
  /** What the database itself takes for the place of a value, which nobody would fill: `?`, `$1`. */
  readonly ownPlaceholders: RegExp | undefined;
  /** Refuses what only looks like a question to this database, by its words. @throws TypeError */
  readonly refuses: ((words: readonly string[]) => void) | undefined;
  /** The place of a value. @param index from 1, the same for each place of one name where the database has numbers */
  placeholder(index: number, name: string, parameter: GivenParameter): string;
  /** Whether each place takes a value of its own, in the order of the places. */
  readonly valuePerPlace: boolean;
}

const PLAIN: Omit<SqlSyntax, 'placeholder'> = {
  backslashes: false,
  doubleQuotedTexts: false,
  backticks: false,
  backslashesInNames: false,
  bracketedNames: false,
  escapeTexts: false,
  dollarQuotes: false,
  hashComments: false,
  spacedDashes: false,
  nestedComments: false,
  executedComments: false,
  ownPlaceholders: undefined,
  refuses: undefined,
  valuePerPlace: false,
};

/** PostgreSQL with standard_conforming_strings. */
export const POSTGRES_SYNTAX: SqlSyntax = {
  ...PLAIN,
  escapeTexts: true,
  dollarQuotes: true,
  nestedComments: true,
  ownPlaceholders: /^\$\d/,
  // The same number for the same name: `GROUP BY date_trunc(:unit, t)` must be the expression that is selected.
  placeholder: (index) => `$${index}`,
};

/** MySQL and MariaDB without ANSI_QUOTES and NO_BACKSLASH_ESCAPES. */
export const MYSQL_SYNTAX: SqlSyntax = {
  ...PLAIN,
  backslashes: true,
  doubleQuotedTexts: true,
  backticks: true,
  hashComments: true,
  spacedDashes: true,
  executedComments: true,
  ownPlaceholders: /^\?/,
  refuses: refuseMysqlActs,
  placeholder: () => '?',
  valuePerPlace: true,
};

export const SQLITE_SYNTAX: SqlSyntax = {
  ...PLAIN,
  backticks: true,
  bracketedNames: true,
  ownPlaceholders: /^(\?|[@$][A-Za-z_\u0080-\uffff])/,
  placeholder: (index) => `?${index}`,
};

/** ClickHouse, whose places say their name and type; which value a name has is told beside the statement. */
export const CLICKHOUSE_SYNTAX: SqlSyntax = {
  ...PLAIN,
  backslashes: true,
  backslashesInNames: true,
  backticks: true,
  dollarQuotes: true,
  hashComments: true,
  placeholder: (_, name, parameter) => `{${name}:${clickhouseType(parameter)}}`,
};

function clickhouseType({ value, type }: GivenParameter): string {
  if (type !== undefined) return type;
  if (typeof value === 'boolean') return 'UInt8';
  if (typeof value === 'string' || value === null) return value === null ? 'Nullable(String)' : 'String';
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? 'Int64' : 'Float64';
}

/** What a transaction that is read-only does not stop. */
function refuseMysqlActs(words: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (word === 'INTO' && (next === 'OUTFILE' || next === 'DUMPFILE')) {
      throw new TypeError(`must only ask: INTO ${next} writes a file`);
    }
  }
}
