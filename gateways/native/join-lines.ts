/** Lines as few texts, none larger than the limit unless a single line is. */
export function joinLines(lines: readonly string[], maxBytes: number): string[] {
  const texts: string[] = [];
  let open: string[] = [];
  let openBytes = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1;
    if (open.length > 0 && openBytes + bytes > maxBytes) {
      texts.push(open.join('\n'));
      open = [];
      openBytes = 0;
    }
    open.push(line);
    openBytes += bytes;
  }
  texts.push(open.join('\n'));
  return texts;
}
