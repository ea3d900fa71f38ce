/* What the client ends of wires over plain HTTP share. */

/** Texts are sent together up to so many characters, which no server's frame is too small for. */
const MOST_TOGETHER = 64 * 1024;

/** `http://host/path/sse` for `http://host/path/`, of `ws:` addresses too. */
export function httpUrl(base: string, path: string): string {
  const [, secure, rest] = /^(?:http|ws)(s?):\/\/([^?#]+)/i.exec(base) ?? [];
  if (rest === undefined) throw new TypeError(`url must be an http(s) address, got ${JSON.stringify(base)}`);
  return `http${secure?.toLowerCase()}://${rest.replace(/\/+$/, '')}/${path}`;
}

/** The last line of a connection, when it is in a text. */
export function byeIn(text: string): { readonly code: number; readonly reason: string } | undefined {
  const line = text.slice(text.lastIndexOf('\n', text.length - 2) + 1);
  return line.startsWith('{"bye"') ? (JSON.parse(line) as { bye: { code: number; reason: string } }).bye : undefined;
}

export interface UplinesOptions {
  readonly ask: typeof fetch;
  readonly url: string;
  readonly signal: AbortSignal;
  /** A request broke. True: it is sent again, which is safe, since frames have numbers. */
  again(): boolean | Promise<boolean>;
  failed(code: number, reason: string): void;
}

/** Sends texts in order, one request at a time; what comes meanwhile goes together. */
export class Uplines {
  /** Nothing is sent before it is known. */
  session: string | undefined;
  readonly #options: UplinesOptions;
  #waiting: string[] = [];
  #busy = false;
  #number = 0;

  constructor(options: UplinesOptions) {
    this.#options = options;
  }

  send(text: string): void {
    if (this.session === undefined || this.#options.signal.aborted) return;
    this.#waiting.push(text);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      let body = this.#waiting.shift() as string;
      while (this.#waiting[0] !== undefined && body.length + this.#waiting[0].length < MOST_TOGETHER) {
        body += `\n${this.#waiting.shift()}`;
      }
      this.#number++;
      while (!(await this.#post(body)));
    }
    this.#busy = false;
  }

  /** False: it has to be sent again. */
  async #post(body: string): Promise<boolean> {
    const { ask, url, signal, again, failed } = this.#options;
    try {
      const response = await ask(`${url}?session=${this.session}&n=${this.#number}`, { method: 'POST', body, signal });
      if (!response.ok) {
        const { code, reason } = byeIn(await response.text()) ?? {
          code: 1006,
          reason: `${url} answered ${response.status}`,
        };
        failed(code, reason);
      }
    } catch {
      if (!signal.aborted && (await again())) return signal.aborted;
      failed(1006, 'the link broke');
    }
    return true;
  }
}
