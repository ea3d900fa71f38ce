/** A server restarts in about this time; who comes back earlier is only refused. */
const EARLIEST_MS = 500;
/** Connecting and catching up costs a server about a millisecond of CPU; the rest is room for the work it has besides. */
const MS_PER_CLIENT = 1.5;
const SHORTEST_MS = 1000;
const LONGEST_MS = 20_000;

/** The time in which this many clients of a server that stops come back, so that they do not all come at once. */
export function reconnectWindowMs(clients: number): readonly [number, number] {
  return [EARLIEST_MS, Math.round(Math.min(LONGEST_MS, Math.max(SHORTEST_MS, EARLIEST_MS + clients * MS_PER_CLIENT)))];
}
