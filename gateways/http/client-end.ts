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

/** Sends texts in order, one request at a time; what comes meanwhile goes together. */
export class Uplines {
  /** Nothing is sent before it is known. */
  session: string | undefined;
  readonly #ask: typeof fetch;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #failed: (code: number, reason: string) => void;
  #waiting: string[] = [];
  #busy = false;
  #number = 0;

  constructor(ask: typeof fetch, url: string, signal: AbortSignal, failed: (code: number, reason: string) => void) {
    this.#ask = ask;
    this.#url = url;
    this.#signal = signal;
    this.#failed = failed;
  }

  send(text: string): void {
    if (this.session === undefined || this.#signal.aborted) return;
    this.#waiting.push(text);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0 && !this.#signal.aborted) {
      let body = this.#waiting.shift() as string;
      while (this.#waiting[0] !== undefined && body.length + this.#waiting[0].length < MOST_TOGETHER) {
        body += `\n${this.#waiting.shift()}`;
      }
      await this.#post(body);
    }
    this.#busy = false;
  }

  async #post(body: string): Promise<void> {
    const url = `${this.#url}?session=${this.session}&n=${++this.#number}`;
    try {
      const response = await this.#ask(url, { method: 'POST', body, signal: this.#signal });
      if (response.ok) return;
      const { code, reason } = byeIn(await response.text()) ?? { code: 1006, reason: `${response.status} from ${this.#url}` };
      this.#failed(code, reason);
    } catch {
      this.#failed(1006, 'the link broke');
    }
  }
}
