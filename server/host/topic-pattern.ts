/** What is wrong with an MQTT-style pattern, as the end of a sentence; undefined when it is fine. */
export function patternFault(pattern: string): string | undefined {
  const parts = pattern.split('/');
  for (const [i, part] of parts.entries()) {
    if (part === '') return 'must not have an empty part';
    if (part === '#' && i !== parts.length - 1) return 'may have "#" only as its last part';
    if (part.length > 1 && /[+#]/.test(part)) return 'must have "+" and "#" alone between slashes';
  }
  return undefined;
}

/** Whether a topic's name matches: `+` stands for one part, `#` at the end for any number of parts, also none. */
export function matchesPattern(pattern: string, topic: string): boolean {
  const wanted = pattern.split('/');
  const parts = topic.split('/');
  for (const [i, want] of wanted.entries()) {
    if (want === '#') return true;
    if (i >= parts.length || (want !== '+' && want !== parts[i])) return false;
  }
  return parts.length === wanted.length;
}
