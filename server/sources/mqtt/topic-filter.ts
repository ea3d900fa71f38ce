/** What is wrong with a topic filter (MQTT 5, 4.7.1); undefined when nothing is. */
export function faultOfFilter(filter: string): string | undefined {
  if (filter.includes('\u0000')) return 'must have no character 0';
  const [, group, shared] = SHARED.exec(filter) ?? [];
  if (filter.startsWith('$share/') && (group === undefined || shared === undefined)) {
    return `must be like $share/group/filter, got ${JSON.stringify(filter)}`;
  }
  const levels = levelsOf(filter);
  for (const [index, level] of levels.entries()) {
    const isLast = index === levels.length - 1;
    if (level.includes('#') && (level !== '#' || !isLast)) return `has # not alone at its end: ${filter}`;
    if (level.includes('+') && level !== '+') return `has + beside other characters of a level: ${filter}`;
  }
  return undefined;
}

const SHARED = /^\$share\/([^/+#]+)\/(.+)$/;

/** The levels that topics are compared with: of a shared subscription those behind its group. */
export function levelsOf(filter: string): string[] {
  return (SHARED.exec(filter)?.[2] ?? filter).split('/');
}

/** Whether messages of several topics come by it. */
export function hasWildcard(filter: string): boolean {
  return levelsOf(filter).some((level) => level === '#' || level === '+');
}

/** Whether a broker sends what is published to `topic` to those who subscribed with `filter`. */
export function matchesFilter(filter: string, topic: string): boolean {
  return levelsOverlap(levelsOf(filter), topic.split('/'));
}

/** Whether there is a topic that both match. What begins with $ is for no wildcard at its first level. */
export function levelsOverlap(one: readonly string[], other: readonly string[]): boolean {
  for (let index = 0; ; index++) {
    const a = one[index];
    const b = other[index];
    if (index === 0 && ((isWild(a) && b?.startsWith('$')) || (isWild(b) && a?.startsWith('$')))) return false;
    // The level above # is matched by it too.
    if (a === '#' || b === '#') return true;
    if (a === undefined || b === undefined) return a === b;
    if (a !== b && a !== '+' && b !== '+') return false;
  }
}

function isWild(level: string | undefined): boolean {
  return level === '#' || level === '+';
}
