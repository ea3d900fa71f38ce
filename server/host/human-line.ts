import { isJsonObject, type JsonValue } from '@tidewall/base';

const COLORS: Readonly<Record<string, string>> = { debug: '90', info: '36', warn: '33', error: '31' };

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A record of the log as one short line: `05:10:28 warn  the source failed  source=orders`.
 *
 * What strangers sent may be in it, so control characters are shown escaped: no value can start a line of its own or
 * move the cursor.
 */
export function humanLine(json: string, colors: boolean): string {
  let record: JsonValue;
  try {
    record = JSON.parse(json) as JsonValue;
  } catch {
    return `${printable(json)}\n`;
  }
  if (!isJsonObject(record)) return `${printable(json)}\n`;
  const { time, level, msg, ...fields } = record;
  const name = String(level ?? 'info');
  const word = name.padEnd(5);
  const shownLevel = colors ? `\u001b[${COLORS[name] ?? '0'}m${word}\u001b[0m` : word;
  const rest = Object.entries(fields).map(([field, value]) => `${field}=${fieldText(value)}`);
  const parts = [`${clockTime(time)} ${shownLevel} ${printable(String(msg ?? ''))}`, ...rest];
  return `${parts.join('  ')}\n`;
}

function clockTime(time: JsonValue | undefined): string {
  const date = new Date(typeof time === 'string' || typeof time === 'number' ? time : Number.NaN);
  return Number.isNaN(date.getTime()) ? '--:--:--' : date.toTimeString().slice(0, 8);
}

function fieldText(value: JsonValue): string {
  if (isJsonObject(value) && typeof value['message'] === 'string') return printable(value['message']);
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

function printable(text: string): string {
  return text.trimEnd().replace(CONTROL, escaped);
}

function escaped(letter: string): string {
  return NAMED[letter] ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
