import type { ServerResponse } from 'node:http';
import type { Clock } from '@tidewall/base';
import { NOT_STORED } from '../http/answer.ts';
import { wireOf } from '../http/wire-of.ts';

/** The header that says where an answer leads. */
export const CURSOR_HEADER = 'x-tidewall-cursor';

export interface HeldOptions {
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly waitMs: number;
  /** Time is up, and nothing has come. Called at most once, and not after an answer. */
  late(): void;
  /** Whoever asked is gone without an answer. Called at most once, and not after an answer. */
  gone(): void;
}

/** A request that is answered when there is something to say, at its time at the latest. */
export class HeldRequest {
  readonly #response: ServerResponse;
  readonly #timeoutMs: number;
  readonly #cancel: () => void;
  #done = false;

  constructor({ response, clock, waitMs, late, gone }: HeldOptions) {
    const wire = wireOf(response);
    this.#response = response;
    // On its wire nothing moves while it waits, and that is no fault of it.
    this.#timeoutMs = wire?.timeout ?? 0;
    wire?.setTimeout(0);
    this.#cancel = clock.after(waitMs, () => {
      if (!this.#done) late();
    });
    response.once('close', () => {
      if (this.#release()) gone();
    });
  }

  /** Answers with lines of the wire and where they lead; without lines there is nothing new. */
  answer(body: Buffer | undefined, cursor: string): void {
    if (!this.#release()) return;
    wireOf(this.#response)?.setTimeout(this.#timeoutMs);
    const head = { ...NOT_STORED, [CURSOR_HEADER]: cursor };
    if (body === undefined) this.#response.writeHead(204, head).end();
    else {
      const type = { 'content-type': 'application/x-ndjson; charset=utf-8', 'content-length': body.length };
      this.#response.writeHead(200, { ...head, ...type }).end(body);
    }
  }

  /** Lets go of it without an answer. */
  cut(): void {
    this.#release();
    this.#response.destroy();
  }

  #release(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#cancel();
    return true;
  }
}
