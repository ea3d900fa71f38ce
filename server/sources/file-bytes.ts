import { open, stat } from 'node:fs/promises';
import { TidewallError } from '@tidewall/protocol';

/** So much is read at once, and turned into rows before anybody else has a turn. */
const CHUNK_BYTES = 128 * 1024;

/**
 * The bytes of a file from one place to another, each chunk good until the next one is asked for. It ends earlier when
 * the file does, and goes on with the file that was opened though another one has taken its place.
 *
 * @throws TidewallError source_error naming the path
 */
export async function* fileBytes(path: string, from: number, to: number): AsyncGenerator<Uint8Array, void> {
  if (from >= to) return;
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    // Whoever opens a pipe waits until somebody writes to it.
    if (!(await stat(path)).isFile()) throw new TidewallError('source_error', `${path} is not a file`);
    file = await open(path);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - from));
    for (let at = from; at < to; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    if (cause instanceof TidewallError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? `there is no file ${path}` : `cannot read ${path}: ${message}`;
    throw new TidewallError('source_error', what, { cause });
  } finally {
    await file?.close();
  }
}
