import type { Brand } from '@tidewall/base';
import { TidewallError } from './error.ts';
import { MAX_TOPIC_NAME_LENGTH, parseTopicName, type TopicName } from './topic.ts';

/** A checked MQTT-style pattern: `+` stands for one part of a topic's name, `#` at the end for any number, also none. */
export type TopicPattern = Brand<string, 'TopicPattern'>;

/** Whether a text can only be a pattern, since no topic's name has a part that is `+` or `#`. */
export function isTopicPattern(text: string): boolean {
  return text.includes('+') || text.includes('#');
}

/** What is wrong with a pattern, as the end of a sentence; undefined when it is fine. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > MAX_TOPIC_NAME_LENGTH) return `must have at most ${MAX_TOPIC_NAME_LENGTH} characters`;
  const parts = pattern.split('/');
  for (const [i, part] of parts.entries()) {
    if (part === '') return 'must not have an empty part';
    if (part === '#' && i !== parts.length - 1) return 'may have "#" only as its last part';
    if (part.length > 1 && /[+#]/.test(part)) return 'must have "+" and "#" alone between slashes';
  }
  return undefined;
}

/**
 * The pattern of that text.
 *
 * @throws TidewallError bad_request naming the value and what is wrong
 */
export function parseTopicPattern(text: string): TopicPattern {
  const fault = patternFault(text);
  if (fault !== undefined) {
    throw new TidewallError('bad_request', `the pattern ${JSON.stringify(text.slice(0, 64))} ${fault}`);
  }
  // What stands between the wildcards must be able to be part of a name, or the pattern would match nothing, silently.
  parseTopicName(text.replaceAll(/[+#]/g, 'x'));
  return text as TopicPattern;
}

/** Whether a topic's name matches. */
export function matchesPattern(pattern: TopicPattern | string, topic: TopicName | string): boolean {
  const wanted = pattern.split('/');
  const parts = topic.split('/');
  for (const [i, want] of wanted.entries()) {
    if (want === '#') return true;
    if (i >= parts.length || (want !== '+' && want !== parts[i])) return false;
  }
  return parts.length === wanted.length;
}

/** `matchesPattern` for one pattern and many topics: a tenth of the cost each. */
export function compilePattern(pattern: TopicPattern): (topic: TopicName) => boolean {
  const source = pattern
    .split('/')
    .map((part) => (part === '+' ? '[^/]+' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')))
    .join('/')
    // Any number of parts, also none: the slash before them goes with them.
    .replace(/(^|\/)#$/, (_, slash: string) => (slash === '' ? '.+' : '(?:/.+)?'));
  const expression = new RegExp(`^${source}$`, 'u');
  return (topic) => expression.test(topic);
}
