import { EventEmitter } from 'node:events';
import { type ClientRequest, type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { NodeXHR } from 'socket.io-client';

export interface GuardedPollingOptions {
  /** Knows which addresses may be reached. */
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string>>;
  /** A longer answer ends the connection. */
  readonly maxBytes: number;
}

/** What the library asks for: with data to send it, without to wait for what the server has. */
interface PollRequest {
  readonly method?: string;
  readonly data?: string | Uint8Array;
}

/**
 * Polling that goes nowhere but to its server, and takes no answer without end. The library's own follows redirects past its
 * agent, to wherever they lead, and gathers whatever comes.
 *
 * @param polling the library's
 */
export function guardedPolling(polling: typeof NodeXHR, options: GuardedPollingOptions): typeof NodeXHR {
  class GuardedPolling extends polling {
    override request(asked: PollRequest = {}) {
      return new Poll(this.uri(), asked, options) as never;
    }
  }
  return GuardedPolling;
}

/** One request, as the library listens to it: `data`, `success`, or `error` with the status or what went wrong. */
class Poll extends EventEmitter {
  readonly #request: ClientRequest;

  constructor(url: string, { method = 'GET', data }: PollRequest, { agent, headers, maxBytes }: GuardedPollingOptions) {
    super();
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const form = data === undefined ? {} : { 'content-type': 'text/plain;charset=UTF-8' };
    this.#request = send(url, { agent, method, headers: { accept: '*/*', ...form, ...headers } });
    this.#request.on('error', (failure) => this.#end('error', failure, undefined));
    this.#request.on('response', (response) => this.#take(response, maxBytes));
    this.#request.end(data);
  }

  abort(): void {
    this.removeAllListeners();
    this.#request.destroy();
  }

  #take(response: IncomingMessage, maxBytes: number): void {
    const { statusCode } = response;
    if (statusCode !== 200) {
      response.resume();
      this.#end('error', statusCode, undefined);
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('error', (failure) => this.#end('error', failure, undefined));
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else response.destroy(new Error(`an answer is longer than ${maxBytes} bytes`));
    });
    response.on('end', () => {
      this.emit('data', Buffer.concat(chunks).toString());
      this.#end('success');
    });
  }

  /** Tells what became of it, once. */
  #end(event: string, ...what: unknown[]): void {
    if (this.listenerCount(event) > 0) this.emit(event, ...what);
    this.removeAllListeners();
  }
}
