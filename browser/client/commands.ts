import type { Clock, JsonObject, JsonValue } from '@tidewall/base';
import { type CommandName, TidewallError } from '@tidewall/protocol';
import { errorOf } from './frame.ts';

/** Commands that may wait for the link to come up. More are refused: who makes them had better slow down. */
export const MAX_WAITING = 64;
/** Commands that may be without their answer at a time, those that wait among them. */
export const MAX_PENDING = 1_024;
/** How long a command waits for the link. */
export const WAIT_MS = 30_000;
/** How long a sent command waits for its answer. */
export const ANSWER_MS = 15_000;

interface Call {
  readonly id: number;
  readonly name: CommandName;
  readonly line: string;
  sent: boolean;
  cancelTimer: () => void;
  readonly resolve: (reply: JsonValue) => void;
  readonly reject: (failure: TidewallError) => void;
}

/** Takes the answer to a command; not called when the link breaks first. */
export type Answered = (answer: JsonValue | TidewallError) => void;

export interface CommandsContext {
  readonly clock: Clock;
  /** Sends at once. */
  send(text: string): void;
  /** The server leaves a command of ours without an answer. */
  unanswered(name: CommandName): void;
}

/**
 * Every command gets exactly one end: its answer, or an error that says whether it may have been carried out
 * (`detail.outcome` is `unknown`) or never left (`not_sent`).
 */
export class Commands {
  readonly #context: CommandsContext;
  readonly #calls = new Map<number, Call>();
  readonly #posts = new Map<
    number,
    { readonly name: CommandName; readonly answered: Answered; readonly cancel: () => void }
  >();
  #nextId = 1;
  #waiting = 0;
  #up = false;
  #ended: string | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(context: CommandsContext) {
    this.#context = context;
  }

  nextId(): number {
    return this.#nextId++;
  }

  /**
   * Sends a command, now or as soon as there is a link, and resolves with its answer.
   *
   * Rejects with what the server said, with `busy` (no link in time, too many at once, no answer, or the link broke
   * before the answer), or with `not_available` once the client is closed.
   */
  call(name: CommandName, body: object): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(notSent('not_available', name, this.#ended));
      if (this.#calls.size >= MAX_PENDING || (!this.#up && this.#waiting >= MAX_WAITING)) {
        const limit = this.#up
          ? `${MAX_PENDING} commands have no answer yet`
          : `${MAX_WAITING} commands wait for the link`;
        return reject(notSent('busy', name, limit));
      }
      const id = this.nextId();
      const line = JSON.stringify({ id, [name]: body });
      const call: Call = { id, name, line, sent: false, cancelTimer: () => {}, resolve, reject };
      this.#calls.set(id, call);
      if (this.#up) return this.#send(call);
      this.#waiting++;
      call.cancelTimer = this.#context.clock.after(WAIT_MS, () => {
        this.#waiting--;
        this.#end(call, notSent('busy', name, `there was no link for ${WAIT_MS / 1000} s`));
      });
    });
  }

  /** The line of a command that the caller sends at once, on this link or not at all. */
  post(name: CommandName, body: object, answered: Answered): string {
    const id = this.nextId();
    const cancel = this.#context.clock.after(ANSWER_MS, () => {
      this.#posts.delete(id);
      this.#context.unanswered(name);
    });
    this.#posts.set(id, { name, answered, cancel });
    return JSON.stringify({ id, [name]: body });
  }

  /** Hands an answer to who waits for it. One that nobody waits for is passed over: its time was up. */
  replied(id: number, body: JsonObject): void {
    const post = this.#posts.get(id);
    if (post !== undefined) {
      this.#posts.delete(id);
      post.cancel();
      post.answered(answerIn(post.name, body));
      return;
    }
    const call = this.#calls.get(id);
    if (call?.sent) this.#end(call, answerIn(call.name, body));
  }

  /** There is a session: what waited goes out, in order. */
  up(): void {
    this.#up = true;
    for (const call of this.#calls.values()) {
      if (call.sent) continue;
      this.#waiting--;
      this.#send(call);
    }
  }

  /** The session is gone. Nobody can know what became of the commands that were sent. */
  down(): void {
    this.#up = false;
    for (const post of this.#posts.values()) post.cancel();
    this.#posts.clear();
    for (const call of [...this.#calls.values()]) {
      if (call.sent) this.#end(call, outcomeUnknown(call.name, 'the link broke before the answer came'));
    }
  }

  /** Takes no more commands; those that are under way go on. Resolves when none is. */
  drain(reason: string): Promise<void> {
    this.#ended ??= reason;
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends every command now. */
  close(reason: string): void {
    this.#ended ??= reason;
    this.down();
    this.#waiting = 0;
    for (const call of [...this.#calls.values()]) this.#end(call, notSent('not_available', call.name, reason));
  }

  #send(call: Call): void {
    call.sent = true;
    call.cancelTimer();
    call.cancelTimer = this.#context.clock.after(ANSWER_MS, () => {
      this.#end(call, outcomeUnknown(call.name, `the server did not answer for ${ANSWER_MS / 1000} s`));
    });
    this.#context.send(call.line);
  }

  #end(call: Call, answer: JsonValue | TidewallError): void {
    this.#calls.delete(call.id);
    call.cancelTimer();
    if (answer instanceof TidewallError) call.reject(answer);
    else call.resolve(answer);
    if (this.#calls.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

function answerIn(name: CommandName, body: JsonObject): JsonValue | TidewallError {
  const { error, [name]: reply } = body;
  if (reply !== undefined) return reply;
  return errorOf(error ?? { message: `the server answered the ${name} command with neither a reply nor an error` });
}

function notSent(kind: 'busy' | 'not_available', name: CommandName, why: string): TidewallError {
  return new TidewallError(kind, `the ${name} command was not sent: ${why}`, { detail: { outcome: 'not_sent' } });
}

function outcomeUnknown(name: CommandName, why: string): TidewallError {
  return new TidewallError('busy', `whether the ${name} command was carried out is unknown: ${why}`, {
    detail: { outcome: 'unknown' },
  });
}
