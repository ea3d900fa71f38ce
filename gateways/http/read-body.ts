import type { IncomingMessage } from 'node:http';

/**
 * The whole body of a request, or `too_large` as soon as that is known; undefined when its sender is gone. What is above
 * the limit is not read.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too_large' | undefined> {
  return new Promise((resolve) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return resolve('too_large');
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes <= maxBytes) pieces.push(piece);
      else {
        request.pause();
        resolve('too_large');
      }
    });
    request.on('end', () => resolve(Buffer.concat(pieces)));
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}
