import type { Clock, JsonObject, JsonValue } from '@tidewall/base';
import { type CommandName, TidewallError } from '@tidewall/protocol';

/** Of the commands that show newer credentials; all others count from 1. */
export const REFRESH_ID = -1;
/** Commands that may wait for the link to come up. More are refused: who makes them had better slow down. */
export const MAX_WAITING = 64;
/** Commands that may be without their answer at a time, those that wait among them. */
export const MAX_PENDING = 1_024;
/** How long a command waits for the link. */
export const WAIT_MS = 30_000;
/** How long a sent command waits for its answer. */
export const ANSWER_MS = 15_000;

/** For how long after it was made a command is sent again that, carried out twice, does the same. */
export const RESEND_MS = 45_000;

interface Call {
  readonly id: number;
  readonly name: CommandName;
  readonly line: string;
  /** Until when it may be sent again after a break, by the monotonic clock. */
  readonly resendUntil: number;
  /** On this link. */
  sent: boolean;
  /** The server may have carried it out. */
  left: boolean;
  cancelTimer: () => void;
  readonly answered: Answered;
}

/** What a command is, beside its name and body. */
export interface CallOptions<Reply> {
  /** The reply in an answer, or undefined when there is none in it. */
  readonly read: (answer: JsonValue) => Reply | undefined;
  /** Doing it twice is doing it once: after a break it goes out again. */
  readonly repeatable?: boolean;
}

/** Takes the answer to a command; not called when the link breaks first. */
export type Answered = (answer: JsonValue | TidewallError) => void;

export interface CommandsContext {
  readonly clock: Clock;
  /** Sends at once. */
  send(text: string): void;
  /** The server leaves a posted command without an answer: this link is of no more use. */
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

  /**
   * Sends a command, now or as soon as there is a link, and resolves with its answer.
   *
   * Rejects with what the server said, with `busy` (no link in time, too many at once, no answer, or the link broke
   * before the answer), or with `not_available` once the client is closed.
   */
  call<Reply>(name: CommandName, body: object, { read, repeatable }: CallOptions<Reply>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(ended('not_available', name, this.#ended, false));
      if (this.#calls.size >= MAX_PENDING || (!this.#up && this.#waiting >= MAX_WAITING)) {
        const limit = this.#up
          ? `${MAX_PENDING} commands have no answer yet`
          : `${MAX_WAITING} commands wait for the link`;
        return reject(ended('busy', name, limit, false));
      }
      const id = this.#nextId++;
      const call: Call = {
        id,
        name,
        line: JSON.stringify({ id, [name]: body }),
        resendUntil: repeatable ? this.#context.clock.monotonic() + RESEND_MS : Number.NEGATIVE_INFINITY,
        sent: false,
        left: false,
        cancelTimer: () => {},
        answered(answer) {
          if (answer instanceof TidewallError) return reject(answer);
          const reply = read(answer);
          if (reply === undefined) reject(malformed(name));
          else resolve(reply);
        },
      };
      this.#calls.set(id, call);
      if (this.#up) this.#send(call);
      else this.#wait(call, WAIT_MS);
    });
  }

  /** Sends a command on this link or not at all. */
  post(name: CommandName, body: object, answered: Answered): void {
    const id = this.#nextId++;
    const cancel = this.#context.clock.after(ANSWER_MS, () => this.#context.unanswered(name));
    this.#posts.set(id, { name, answered, cancel });
    this.#context.send(JSON.stringify({ id, [name]: body }));
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
      if (!call.sent) continue;
      call.sent = false;
      call.cancelTimer();
      const leftMs = call.resendUntil - this.#context.clock.monotonic();
      // Only so many wait: when the link is back, they go out at once.
      if (leftMs > 0 && this.#waiting < MAX_WAITING) this.#wait(call, Math.min(WAIT_MS, leftMs));
      else this.#fail(call, 'busy', 'the link broke before the answer came');
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
    for (const call of [...this.#calls.values()]) this.#fail(call, 'not_available', reason);
  }

  #wait(call: Call, ms: number): void {
    this.#waiting++;
    call.cancelTimer = this.#context.clock.after(ms, () => {
      this.#waiting--;
      this.#fail(call, 'busy', `there was no link for ${Math.ceil(ms / 1000)} s`);
    });
  }

  #send(call: Call): void {
    call.sent = true;
    call.left = true;
    call.cancelTimer();
    call.cancelTimer = this.#context.clock.after(ANSWER_MS, () => {
      this.#fail(call, 'busy', `the server did not answer for ${ANSWER_MS / 1000} s`);
    });
    this.#context.send(call.line);
  }

  #fail(call: Call, kind: 'busy' | 'not_available', why: string): void {
    this.#end(call, ended(kind, call.name, why, call.left));
  }

  #end(call: Call, answer: JsonValue | TidewallError): void {
    this.#calls.delete(call.id);
    call.cancelTimer();
    call.answered(answer);
    if (this.#calls.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

function answerIn(name: CommandName, body: JsonObject): JsonValue | TidewallError {
  const { error, [name]: reply } = body;
  if (reply !== undefined) return reply;
  return error === undefined ? malformed(name) : TidewallError.fromBody(error);
}

/** For an answer that is none to that command. */
export function malformed(name: CommandName): TidewallError {
  return new TidewallError('internal', `the server answered the ${name} command with neither a reply nor an error`);
}

/** @param left whether the server may have got it */
function ended(kind: 'busy' | 'not_available', name: CommandName, why: string, left: boolean): TidewallError {
  const what = left ? `whether the ${name} command was carried out is unknown` : `the ${name} command was not sent`;
  return new TidewallError(kind, `${what}: ${why}`, { detail: { outcome: left ? 'unknown' : 'not_sent' } });
}
