/** The sentence of a failure, whatever was thrown, on one line and short enough to stand on a screen. */
export function reasonOf(failure: unknown): string {
  const text = failure instanceof Error ? failure.message : String(failure);
  const line = text.replace(/\s+/g, ' ').trim();
  if (line === '') return 'it failed without saying why';
  return line.length > MAX_REASON_LENGTH ? `${line.slice(0, MAX_REASON_LENGTH - 1)}…` : line;
}

const MAX_REASON_LENGTH = 500;
