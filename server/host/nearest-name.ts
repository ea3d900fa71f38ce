/** Names longer than this are cut before they are compared, so that a stranger's name cannot cost much. */
const MAX_COMPARED = 128;

/** Up to `count` of `names` that a typing mistake may have turned into `wanted`, nearest first. */
export function nearestNames(wanted: string, names: Iterable<string>, count = 1): string[] {
  const from = wanted.slice(0, MAX_COMPARED).toLowerCase();
  const allowed = Math.max(2, Math.floor(from.length / 3));
  const found: { name: string; distance: number }[] = [];
  for (const name of names) {
    const to = name.slice(0, MAX_COMPARED).toLowerCase();
    if (Math.abs(to.length - from.length) > allowed) continue;
    const distance = editDistance(from, to);
    if (distance <= allowed) found.push({ name, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return found.slice(0, count).map(({ name }) => name);
}

/** How many letters must be added, taken away, changed or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
