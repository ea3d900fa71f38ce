/** The known names most like a wrong one, best first; none when nothing is alike. */
export function nearestNames(wrong: string, known: readonly string[], count = 3): readonly string[] {
  const target = wrong.toLowerCase();
  return known
    .map((name) => ({ name, distance: score(target, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 2))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

function score(a: string, b: string): number {
  // Part of a name is what people remember: `Line` for `ChartLineBasic`.
  if (a.length >= 3 && (a.includes(b) || b.includes(a))) return 1;
  return editDistance(a.slice(0, 64), b);
}

/** Insertions, deletions and replacements between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
