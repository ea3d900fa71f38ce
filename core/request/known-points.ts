/** What a result said of a `series`. */
export interface KnownPoints {
  /** Time and JSON text of each point of the last result, in order. */
  readonly points: ReadonlyMap<number, string>;
  readonly last: number;
}

/** Whether a point that both know, or that only one of them knows between the others, is not the same. */
export function differsInThePast({ points, last }: KnownPoints, next: ReadonlyMap<number, string>): boolean {
  const [first] = next.keys();
  if (first === undefined) return false;
  let shared = 0;
  for (const [t, text] of next) {
    if (t > last) break;
    // What is older than all that was known is only more of the past.
    if (points.get(t) !== text) return true;
    shared += 1;
  }
  let known = 0;
  for (const t of points.keys()) if (t >= first) known += 1;
  return shared !== known;
}
