/** Longest message, in bytes. A publication has less, but transforms may make one of it. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The text of a message, or why it has none. */
export function messageText(body: string | Uint8Array): { readonly text: string } | { readonly refused: string } {
  // A character of a text has at least one byte; those of the others are not counted, which would cost a walk.
  const { length } = body;
  if (length > MAX_MESSAGE_BYTES)
    return { refused: `a message has ${length} bytes; at most ${MAX_MESSAGE_BYTES} are read` };
  if (typeof body === 'string') return { text: body };
  try {
    return { text: utf8.decode(body) };
  } catch {
    return { refused: `a message of ${length} bytes is not text in UTF-8` };
  }
}
