import { assertNever, type Clock, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
import { type PushFrame, TidewallError } from '@tidewall/protocol';
import { ClockSync } from './clock-sync.ts';
import { malformed } from './commands.ts';
import {
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  INITIAL_STATE,
  RECONNECT,
  stepConnection,
} from './connection.ts';
import { connectReplyOf, type Greeting, type Incoming, parseFrame } from './frame.ts';
import { type Memory, TransportChoice } from './transport-choice.ts';

export interface LinkOptions {
  readonly url: string;
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly unattended: boolean;
  readonly memory?: Memory | undefined;
}

/** What a link reports to its owner. */
export interface LinkHandlers {
  /** The link is open: sends the connect command, whose answer goes to `greeted`, and everything that is to follow it. */
  greet(): void;
  pushed(push: PushFrame): void;
  replied(id: number, body: JsonObject): void;
  /** All frames of what was received together have been handed over. */
  flushed(): void;
  /** The server has answered the connect command: the session is there. */
  up(greeting: Greeting): void;
  /** What was sent has no answer any more, and what was subscribed is not. Called once for each greeting. */
  down(): void;
  /** `state` is another than before, beyond its inner clockwork. */
  changed(state: ConnectionState): void;
}

/** Carries out what the connection's state machine decides: opens transports, sends, listens, waits. */
export class Link {
  readonly #sync: ClockSync;
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #choice: TransportChoice;
  readonly #events: ConnectionEvent[] = [];
  #state: ConnectionState = INITIAL_STATE;
  #carrying = false;
  /** Grows with each transport that is opened or let go: what an older one still says is not heard. */
  #generation = 0;
  #transport: TransportLink | undefined;
  #cancelTimer: (() => void) | undefined;
  #greetedAt = 0;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#choice = new TransportChoice(options);
    this.#sync = new ClockSync(options.clock);
  }

  /** The server's clock. */
  serverNow(): number {
    this.#noticeSleep();
    return this.#sync.serverNow();
  }

  /** Whether commands can be sent: the connect command is out, and they go behind it. */
  get carries(): boolean {
    return this.#state.type === 'greeting' || this.#state.type === 'live';
  }

  /** Sends lines; what is sent while the link does not carry is dropped. */
  send(text: string): void {
    if (this.carries) this.#transport?.send(text);
  }

  /** The server has answered the connect command. */
  greeted(answer: JsonValue | TidewallError): void {
    const reply = answer instanceof TidewallError ? answer : (connectReplyOf(answer) ?? malformed('connect'));
    if (reply instanceof TidewallError) {
      this.dispatch(refusalOf(reply));
      return;
    }
    this.#sync.sample(this.#greetedAt, reply.now, reply.now);
    this.dispatch({ type: 'greeted', session: reply.session, pingMs: reply.pingMs });
    this.#handlers.up(reply);
  }

  /** The peer does what it must not: hangs up, and comes back by the usual back-off. */
  fault(reason: string): void {
    if (this.#transport === undefined) return;
    this.#hangUp(4501, reason);
    this.dispatch({ type: 'lost', code: 1002, reason });
  }

  /** Durations may stand still while a machine sleeps: what they tell is wrong then, and the link may be dead. */
  #noticeSleep(): void {
    if (this.#sync.jumped()) this.dispatch({ type: 'online' });
  }

  /** Something has happened; `due` begins. */
  dispatch(event: ConnectionEvent): void {
    // A transport may report while it is being opened or closed; that waits until the step is done.
    this.#events.push(event);
    if (this.#carrying) return;
    this.#carrying = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#take(next);
    } finally {
      this.#carrying = false;
    }
  }

  #take(event: ConnectionEvent): void {
    const { clock, random, unattended } = this.#options;
    const before = this.#state;
    const step = stepConnection(before, event, { now: clock.monotonic(), random: random(), unattended });
    this.#state = step.state;
    for (const effect of step.effects) this.#carryOut(effect);
    const after = step.state;
    if (after === before) return;
    if (after.type !== before.type) this.#passed(before, after);
    if (after.type !== before.type || after.type === 'waiting') this.#handlers.changed(after);
  }

  #passed(before: ConnectionState, after: ConnectionState): void {
    if (after.type === 'live') {
      this.#choice.worked();
      return;
    }
    if (after.type === 'waiting' || after.type === 'closed') {
      // Who was refused by the server has got as far as the server.
      const cutOff = after.code >= 1000 && after.code < 4000;
      if (cutOff && (before.type === 'opening' || before.type === 'greeting')) this.#choice.failed();
      if (before.type === 'greeting' || before.type === 'live') this.#handlers.down();
    }
  }

  #carryOut(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'open':
        this.#open();
        break;
      case 'greet':
        this.#sync.restart();
        this.#greetedAt = this.#sync.localNow();
        this.#handlers.greet();
        break;
      case 'ping':
        this.#transport?.send(JSON.stringify({ ping: { t0: this.#sync.localNow() } }));
        break;
      case 'close':
        this.#hangUp(effect.code, effect.reason);
        break;
      case 'arm':
      case 'disarm':
        this.#cancelTimer?.();
        this.#cancelTimer = effect.type === 'arm' ? this.#after(effect.ms) : undefined;
        break;
      default:
        assertNever(effect);
    }
  }

  #after(ms: number): () => void {
    return this.#options.clock.after(ms, () => {
      this.#noticeSleep();
      this.dispatch({ type: 'due' });
    });
  }

  #open(): void {
    const generation = ++this.#generation;
    const current = () => generation === this.#generation;
    const events: TransportEvents = {
      opened: () => {
        if (current()) this.dispatch({ type: 'opened' });
      },
      received: (text) => {
        if (current()) this.#receive(text);
      },
      closed: (code, reason) => {
        if (!current()) return;
        this.#generation++;
        this.#transport = undefined;
        this.dispatch({ type: 'lost', code, reason });
      },
    };
    try {
      this.#transport = this.#choice.next().open(this.#options.url, events);
    } catch (failure) {
      // At once it is the caller's mistake, who is told; later it is the weather.
      if (generation === 1) throw failure;
      events.closed(1006, String(failure));
    }
    // Closed before it was even handed over: the object is of no use, and `lost` waits in the queue.
    if (!current()) this.#transport = undefined;
  }

  #hangUp(code: number, reason: string): void {
    this.#generation++;
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close(code, reason);
  }

  #receive(text: string): void {
    const generation = this.#generation;
    this.#noticeSleep();
    this.dispatch({ type: 'heard' });
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const frame = parseFrame(line);
      if (frame === undefined) this.fault(`the server sent what is no frame: ${line.slice(0, 40)}`);
      else this.#hand(frame);
      // A bye, a refusal or a fault ended this link: what stands behind it is not for us.
      if (generation !== this.#generation) break;
    }
    this.#handlers.flushed();
  }

  #hand(frame: Incoming): void {
    switch (frame.type) {
      case 'push':
        this.#handlers.pushed(frame.push);
        break;
      case 'reply':
        this.#handlers.replied(frame.id, frame.body);
        break;
      case 'pong':
        this.#sync.sample(frame.t0, frame.t1, frame.t2);
        break;
      case 'bye':
        this.dispatch(frame);
        break;
      case 'unknown':
        break;
      default:
        assertNever(frame);
    }
  }
}

function refusalOf(error: TidewallError): ConnectionEvent {
  const { code, retryable, afterMs, message } = error.toBody();
  const window = [afterMs, afterMs + RECONNECT.baseMs] as const;
  return { type: 'bye', code, reason: message, afterMs: afterMs > 0 ? window : undefined, final: !retryable };
}
