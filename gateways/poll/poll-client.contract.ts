import { Agent } from 'node:http';
import { ask, HttpCaseClient } from '../http/http-client.contract.ts';

/** A session over `/poll`, by Node's own HTTP. */
export class PollClient extends HttpCaseClient {
  readonly #down = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #gone = new AbortController();
  #cursor = 0;
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;

  static async dial(port: number): Promise<PollClient> {
    const client = new PollClient(port, '/poll');
    await client.#open();
    return client;
  }

  pause(): void {
    this.#paused = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#paused = undefined;
  }

  vanish(): void {
    this.#gone.abort();
    this.#down.destroy();
    this.ended(1006, '');
  }

  async #open(): Promise<void> {
    const { status, text } = await ask(this.port, this.path, { method: 'POST' });
    if (status !== 200) {
      for (const line of text.trim().split('\n')) this.took(line);
      return;
    }
    this.session = (JSON.parse(text) as { session: string }).session;
    void this.#poll();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#gone;
    while (!this.over) {
      const path = `${this.path}?session=${this.session}&cursor=${this.#cursor}`;
      const answer = await ask(this.port, path, { agent: this.#down, signal }).catch(() => undefined);
      // What comes while it is paused is not taken either.
      await this.#paused;
      if (answer === undefined) break;
      this.#cursor = Number(answer.headers['x-tidewall-cursor'] ?? this.#cursor);
      for (const line of answer.text.split('\n')) if (line !== '') this.took(line);
    }
    this.#down.destroy();
    this.ended(1006, '');
  }
}
