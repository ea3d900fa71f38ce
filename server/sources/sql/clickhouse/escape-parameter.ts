import type { BoundValue } from '../statement/given-parameter.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
  '\0': '\\0',
};

/** A value as ClickHouse reads it from `param_name`: in its escaped form, where a backslash stands before what it means. */
export function escapeParameter(value: BoundValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'boolean') return value ? '1' : '0';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  return String(value).replace(/[\\\t\n\r\u0008\f\0]/g, (char) => ESCAPES[char] ?? char);
}
