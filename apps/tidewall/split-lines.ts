/** A line longer than this is given up: it could not be published anyway. */
export const MAX_LINE_CHARACTERS = 1024 * 1024;

/** Lines of a text that comes in pieces, without their ends; undefined stands for one that was too long. */
export async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<string | undefined, void> {
  let pending = '';
  let overlong = false;
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      const line = pending + piece.slice(from, end);
      yield overlong || line.length > MAX_LINE_CHARACTERS ? undefined : line.replace(/\r$/, '');
      pending = '';
      overlong = false;
      from = end + 1;
    }
    pending += piece.slice(from);
    if (pending.length > MAX_LINE_CHARACTERS) {
      overlong = true;
      pending = '';
    }
  }
  if (overlong) yield undefined;
  else if (pending !== '') yield pending.replace(/\r$/, '');
}
