import type { Clock } from '@tidewall/base';
import { type ErrorBody, TidewallError } from '@tidewall/protocol';
import type { Client } from '../client.ts';
import type { Call } from './messages.ts';

interface PendingCall {
  readonly call: Call;
  readonly args: readonly unknown[];
  resolve(value: never): void;
  reject(error: unknown): void;
  cancel(): void;
  /** Whether some tab may have carried it out. */
  posted: boolean;
}

/** Commands that may be without their answer at a time. */
const MAX_PENDING = 1_024;
/** A command without an answer is given up after this, later than the tab that leads would give it up. */
const CALL_MS = 50_000;

/** The commands of a tab that another one carries out, each until it is answered once. */
export class TabCalls {
  readonly #clock: Clock;
  readonly #post: (id: number, call: Call, args: readonly unknown[]) => boolean;
  readonly #calls = new Map<number, PendingCall>();

  /** @param post hands a call to the tab that leads; false while there is none */
  constructor(clock: Clock, post: (id: number, call: Call, args: readonly unknown[]) => boolean) {
    this.#clock = clock;
    this.#post = post;
  }

  add<Answer>(id: number, call: Call, args: readonly unknown[]): Promise<Answer> {
    if (this.#calls.size >= MAX_PENDING) {
      const message = `the ${call} command was not sent: ${MAX_PENDING} commands have no answer yet`;
      return Promise.reject(new TidewallError('busy', message, { detail: { outcome: 'not_sent' } }));
    }
    return new Promise((resolve, reject) => {
      const pending: PendingCall = {
        call,
        args,
        resolve,
        reject,
        cancel: this.#clock.after(CALL_MS, () => this.#giveUp(id)),
        posted: false,
      };
      this.#calls.set(id, pending);
      pending.posted = this.#post(id, call, args);
    });
  }

  answered(id: number, value: unknown): void {
    this.#end(id)?.resolve(value as never);
  }

  refused(id: number, error: Partial<ErrorBody>): void {
    this.#end(id)?.reject(TidewallError.fromBody(error));
  }

  /** There is a tab that leads; one that has only begun to knows of none of these. */
  led(isNew: boolean): void {
    for (const [id, pending] of [...this.#calls]) {
      if (pending.posted && !isNew) continue;
      if (pending.posted && !mayRepeat(pending)) this.#giveUp(id);
      else pending.posted = this.#post(id, pending.call, pending.args);
    }
  }

  /** This tab leads now: what may be done twice, or was not handed on, it does itself. */
  carryOut(client: Client): void {
    for (const [id, pending] of [...this.#calls]) {
      if (pending.posted && !mayRepeat(pending)) {
        this.#giveUp(id);
        continue;
      }
      this.#end(id);
      callOn<never>(client, pending.call, pending.args).then(pending.resolve, pending.reject);
    }
  }

  close(): void {
    const closed = new TidewallError('not_available', 'the client is closed');
    for (const id of [...this.#calls.keys()]) this.#end(id)?.reject(closed);
  }

  #giveUp(id: number): void {
    const pending = this.#end(id);
    if (pending === undefined) return;
    const { call, posted } = pending;
    const message = posted
      ? `whether the ${call} command was carried out is unknown: the tab that had the connection is gone`
      : `the ${call} command was not sent: no tab has a connection`;
    pending.reject(new TidewallError('busy', message, { detail: { outcome: posted ? 'unknown' : 'not_sent' } }));
  }

  #end(id: number): PendingCall | undefined {
    const pending = this.#calls.get(id);
    this.#calls.delete(id);
    pending?.cancel();
    return pending;
  }
}

/** One of a client's commands by its name. */
export function callOn<Answer>(client: Client, call: Call, args: readonly unknown[]): Promise<Answer> {
  const run = client[call] as (...given: unknown[]) => Promise<Answer>;
  return run.apply(client, [...args]);
}

/** Whether doing it twice is the same as once. */
function mayRepeat({ call, args }: PendingCall): boolean {
  return call !== 'publish' || (args[2] as { readonly key?: string } | undefined)?.key !== undefined;
}
