import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext } from '@tidewall/contracts';
import { type CloseName, TidewallError } from '@tidewall/protocol';
import type { GatewayMetrics, NativePeer } from '../native/index.ts';
import { answerBye, answerEmpty, answerError } from './answer.ts';
import { readBody } from './read-body.ts';

export interface UplinkOptions {
  readonly context: GatewayContext;
  readonly metrics: GatewayMetrics;
  readonly peer: NativePeer;
  /** Ends the session. */
  close(name: CloseName, reason: string): void;
}

/**
 * What a session sends, a frame a request. Frames that have numbers are taken once and in order, however often they come:
 * a request whose answer was lost can be sent again.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  /** The number of the newest frame that was taken. */
  #taken = 0;
  #paused = false;
  /** Requests whose frame is not read yet, since the session has enough to do. */
  #held: (() => void)[] = [];
  #over: { readonly name: CloseName; readonly reason: string } | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const goOn of this.#held.splice(0)) goOn();
  }

  /** The session has ended; whoever still sends is told so. */
  end(name: CloseName, reason: string): void {
    this.#over ??= { name, reason };
    this.resume();
  }

  /** @param number of the frame, from 1; undefined: it is taken as it comes */
  async receive(request: IncomingMessage, response: ServerResponse, number: number | undefined): Promise<void> {
    const { context, metrics, peer, close } = this.#options;
    const { frameBytes } = context.limits;
    while (this.#paused) await new Promise<void>((resolve) => this.#held.push(resolve));
    const body = await readBody(request, frameBytes);
    if (body === undefined) return;
    if (this.#over === undefined && body === 'too_large') {
      metrics.rejected('too_large');
      close('bad_frame', `a frame above ${frameBytes} bytes`);
      response.setHeader('connection', 'close');
      return answerError(response, new TidewallError('limit_exceeded', `a frame may have ${frameBytes} bytes`));
    }
    if (this.#over === undefined && body !== 'too_large') {
      if (number !== undefined && number > this.#taken + 1) return this.#refuseGap(response, number);
      if (number === undefined || number > this.#taken) {
        this.#taken = number ?? this.#taken;
        if (isUtf8(body)) peer.receive(body);
        else {
          metrics.rejected('not_utf8');
          close('bad_frame', 'text that is not UTF-8');
        }
      }
    }
    const over = this.#over as { readonly name: CloseName; readonly reason: string } | undefined;
    if (over === undefined) answerEmpty(response);
    else answerBye(response, over.name, over.reason);
  }

  #refuseGap(response: ServerResponse, number: number): void {
    this.#options.metrics.rejected('out_of_order');
    const message = `n: frame ${number} came, and ${this.#taken + 1} is next`;
    answerError(response, new TidewallError('conflict', message));
  }
}
