import { Agent, type IncomingMessage, request } from 'node:http';
import type { ByeFrame, ServerFrame } from '@tidewall/protocol';
import type { CaseClient } from '../gateway-case.contract.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends a request on a connection of its own, or of the agent. Rejects when that breaks. */
export function ask(
  port: number,
  path: string,
  options: {
    readonly method?: string;
    readonly body?: string | Uint8Array;
    readonly headers?: Record<string, string>;
    readonly agent?: Agent;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Answer> {
  const { body, agent = false, ...rest } = options;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent, ...rest }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text: String(Buffer.concat(pieces)) });
      });
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** What is answered to each of these names behind the path, each as it is written. */
export async function askAll(
  port: number,
  path: string,
  names: readonly string[],
  method = 'GET',
): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const name of names) {
    const { status, text } = await ask(port, path + encodeURI(name).replaceAll('%25', '%'), { method });
    answers.push(`${status} ${text}`);
  }
  return answers;
}

/** The status and the name of a refusal. */
export function errorNameOf({ status, text }: Answer): readonly [status: number, name: string] {
  return [status, (JSON.parse(text) as { error: { name: string } }).error.name];
}

/** A client of the native wire that sends by requests, one after the other. */
export abstract class HttpCaseClient implements CaseClient {
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly port: number;
  readonly path: string;
  protected readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  protected session = '';
  readonly #lines: string[] = [];
  #wake = () => {};
  #settle: (end: { readonly code: number; readonly reason: string }) => void = () => {};
  #over = false;
  #sent: Promise<void> = Promise.resolve();
  #number = 0;

  constructor(port: number, path: string) {
    this.port = port;
    this.path = path;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  send(input: string | Uint8Array): void {
    const n = ++this.#number;
    this.#sent = this.#sent.then(async () => {
      if (this.#over) return;
      const path = `${this.path}?session=${this.session}&n=${n}`;
      // What comes of a bad frame is told on the way down.
      await ask(this.port, path, { method: 'POST', body: input, agent: this.agent }).catch(() => {});
    });
  }

  async next(): Promise<ServerFrame> {
    while (this.#lines.length === 0) {
      if (this.#over) throw new Error('the connection ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return JSON.parse(this.#lines.shift() as string) as ServerFrame;
  }

  abstract pause(): void;
  abstract resume(): void;
  abstract vanish(): void;

  protected get over(): boolean {
    return this.#over;
  }

  protected took(line: string): void {
    this.#lines.push(line);
    if (line.startsWith('{"bye"')) {
      const { bye } = JSON.parse(line) as ByeFrame;
      this.ended(bye.code, bye.reason);
    }
    this.#wake();
  }

  protected ended(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.agent.destroy();
    this.#settle({ code, reason });
    this.#wake();
  }
}
