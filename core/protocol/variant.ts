import { parseTopicName, type TopicName } from './topic.ts';

/*
 * A source with parameters feeds a topic for each combination of their values: `sales` for the values that they have when
 * nobody chooses, `sales/region=sh,year=2026` for others. There is one name for each combination: parameters in the order
 * of their names, those with their standard value left out. What no topic's name can hold is written as `~` and two
 * hexadecimal digits for each of its bytes in UTF-8.
 */

/** A value that a viewer may choose: bound in a query, never spliced into it. */
export type ParameterValue = string | number | boolean;

/** The values of parameters as texts, by name. */
export type VariantValues = Readonly<Record<string, string>>;

const PLAIN = /[\p{L}\p{N}._@:$-]/u;

/**
 * The topic of these values; the topic itself when there are none.
 *
 * @throws TidewallError bad_request when the name would be too long
 */
export function variantTopic(topic: TopicName, values: VariantValues): TopicName {
  const pairs = Object.keys(values)
    .sort()
    .map((name) => `${variantText(name)}=${variantText(values[name] ?? '')}`);
  return pairs.length === 0 ? topic : parseTopicName(`${topic}/${pairs.join(',')}`);
}

/** The values that the last part of a variant's name says; undefined when it is not of that form. */
export function parseVariant(part: string): VariantValues | undefined {
  const values: [string, string][] = [];
  for (const pair of part.split(',')) {
    const [name, value, more] = pair.split('=').map(unescaped);
    if (name === undefined || name === '' || value === undefined || more !== undefined) return undefined;
    values.push([name, value]);
  }
  const names = new Set(values.map(([name]) => name));
  return names.size === values.length ? Object.fromEntries(values) : undefined;
}

/** A value as a part of a topic's name, which `parseVariant` reads again. */
export function variantText(text: string): string {
  let result = '';
  for (const character of text) {
    if (PLAIN.test(character)) result += character;
    // What is no character by itself (half of a surrogate pair) has no bytes, and stands as the one that says so.
    else result += bytesOf(/\p{Cs}/u.test(character) ? '\ufffd' : character);
  }
  return result;
}

/** Its bytes in UTF-8, each as `~` and two digits. */
function bytesOf(character: string): string {
  const percent = encodeURIComponent(character);
  const bytes = percent.startsWith('%') ? percent : `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return bytes.replaceAll('%', '~').toLowerCase();
}

function unescaped(text: string): string | undefined {
  if (!text.includes('~')) return text;
  if (/~(?![0-9a-f]{2})/.test(text)) return undefined;
  try {
    return text.replace(/(?:~[0-9a-f]{2})+/g, (bytes) => decodeURIComponent(bytes.replaceAll('~', '%')));
  } catch {
    return undefined;
  }
}

/** Whether a name stands for values of a topic of a source; what it says is for `parseVariant`. */
export function variantPart(topic: TopicName, base: TopicName): string | undefined {
  if (!topic.startsWith(`${base}/`)) return undefined;
  const part = topic.slice(base.length + 1);
  return part.includes('=') && !part.includes('/') ? part : undefined;
}
