/** Which rooms each room may import, by their directories. */
export type Ladder = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The ladder that ARCHITECTURE.md draws in its block of the language `layers`: a room a line, and behind the colon the
 * rooms that it may import.
 *
 * @throws TypeError when there is no such block, a line is malformed, or a line names a room that has none of its own
 */
export function parseLadder(markdown: string): Ladder {
  const block = /^```layers\n(.*?)^```/ms.exec(markdown)?.[1];
  if (block === undefined) throw new TypeError('ARCHITECTURE.md has no block of the language "layers"');
  const ladder = new Map<string, Set<string>>();
  for (const line of block.split('\n')) {
    if (line.trim() === '') continue;
    const [, room, behind] = /^([a-z0-9/-]+):((?: [a-z0-9/-]+)*)\s*$/.exec(line) ?? [];
    if (room === undefined || behind === undefined) throw new TypeError(`layers: cannot read the line "${line}"`);
    if (ladder.has(room)) throw new TypeError(`layers: ${room} has two lines`);
    ladder.set(room, new Set(behind.split(' ').filter(Boolean)));
  }
  for (const [room, allowed] of ladder) {
    for (const other of allowed) {
      if (!ladder.has(other)) throw new TypeError(`layers: ${room} may import ${other}, which has no line`);
    }
  }
  return ladder;
}
