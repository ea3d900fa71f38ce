import fc from 'fast-check';

/** A part of the list of a SELECT: how it is written, and the text that the database must answer. */
export interface SqlItem {
  readonly sql: string;
  readonly value: string;
  /** Present: it is a parameter of that name, whose value it is. */
  readonly parameter?: string;
}

/** How the texts of a database may be quoted. */
export interface Quoting {
  readonly texts: readonly ((value: string) => string)[];
  /** What may stand between two words. */
  readonly gaps: readonly ((text: string) => string)[];
}

const doubled = (quote: string) => (value: string) => quote + value.replaceAll(quote, quote + quote) + quote;
const escaped = (before: string, quote: string) => (value: string) =>
  before + quote + value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote;
const dollars = (value: string) => {
  let tag = '$x$';
  while (value.includes(tag) || `${value}$`.includes(tag)) tag = tag.replace('x', 'xy');
  return tag + value + tag;
};
const harmless = (text: string) =>
  text.replaceAll('*/', '').replaceAll('/*', '').replaceAll('*', '').replaceAll('\n', ' ');
const block = (text: string) => `/* ${harmless(text)} */`;
const line = (text: string) => `-- ${harmless(text)}\n`;

export const QUOTINGS = {
  postgres: {
    texts: [
      doubled("'"),
      escaped('E', "'"),
      escaped(' e', "'"),
      dollars,
      (value: string) => `U&${doubled("'")(value.replaceAll('\\', '\\\\'))}`,
    ],
    gaps: [block, line, (text: string) => `/* /* ${harmless(text)} */ ' */`, () => '\n\t'],
  },
  mysql: {
    texts: [
      (value: string) => doubled("'")(value.replaceAll('\\', '\\\\')),
      (value: string) => doubled('"')(value.replaceAll('\\', '\\\\')),
      escaped('', "'"),
      escaped('', '"'),
    ],
    gaps: [
      block,
      line,
      (text: string) => `# ${harmless(text)}\n`,
      (text: string) => `/* ${harmless(text)} /* */`,
      () => ' ',
    ],
  },
  sqlite: {
    texts: [doubled("'")],
    gaps: [block, line, (text: string) => `/* ${harmless(text)} /* */`, () => ' '],
  },
} as const satisfies Record<string, Quoting>;

/** What is most likely to be taken for something else. */
const HOSTILE = [
  ...[
    "'",
    '"',
    '`',
    '\\',
    ';',
    ':',
    ':a',
    '::',
    ':=',
    '$',
    '$$',
    '$x$',
    '--',
    '-- ',
    '/*',
    '*/',
    '/*!',
    '#',
    '?',
    '$1',
    '[',
    ']',
  ],
  ...['{', '}', '(', ')', 'E', 'a', ' ', '\n', '.', ',', '%', '😀', '中', "\\'", "''", '; DROP TABLE t; --'],
];
const hostileText = fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((parts) => parts.join(''));

/** Texts that a database answers as they are, each quoted in one of its ways, among parameters and comments. */
export function sqlItems({ texts, gaps }: Quoting): fc.Arbitrary<readonly SqlItem[]> {
  const literal = fc
    .tuple(hostileText, fc.constantFrom(...texts))
    .map(([value, quote]): SqlItem => ({ sql: quote(value), value }));
  const parameter = fc
    .tuple(fc.constantFrom('a', 'b', 'region', 'x_1'), hostileText)
    .map(([name, value]): SqlItem => ({ sql: `:${name}`, value, parameter: name }));
  const gap = fc.tuple(fc.constantFrom(...gaps), hostileText).map(([make, text]) => make(text));
  return fc.array(fc.tuple(fc.oneof(literal, parameter), gap), { minLength: 1, maxLength: 8 }).map((items) => {
    // One name has one value.
    const values = new Map<string, string>();
    return items.map(([item, between]) => {
      const { parameter: name } = item;
      if (name !== undefined && !values.has(name)) values.set(name, item.value);
      const value = name === undefined ? item.value : (values.get(name) as string);
      return { ...item, value, sql: `${between}${item.sql}` };
    });
  });
}
