import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';

/** What carries one answer. */
export interface Wire extends Duplex {
  /** Closed when nothing moves for so long; 0 is never. */
  setTimeout(ms: number): unknown;
  readonly timeout?: number;
}

/**
 * What carries an answer: its socket, or over HTTP/2, where a socket carries many, its stream. Undefined when it was asked
 * for behind another one, or is over.
 */
export function wireOf(response: ServerResponse): Wire | undefined {
  return streamOf(response) ?? response.socket ?? undefined;
}

/** The stream of an answer over HTTP/2. */
export function streamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { stream?: ServerHttp2Stream }).stream;
}
