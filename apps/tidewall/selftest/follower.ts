import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Freshness, PushFrame, TopicKind } from '@tidewall/protocol';
import { Picture } from './picture.ts';
import type { WireClient } from './wire-client.ts';

/** Options of `subscribe` beside the topic. */
export type FollowerOptions = JsonObject;

/** One subscription of a wire client, held to the rules: every push goes on where the one before it ended. */
export class Follower {
  readonly topic: string;
  readonly #report: (fault: string) => void;
  #picture: Picture | undefined;
  #kind: TopicKind | undefined;
  #number: number | undefined;
  #epoch = '';
  #offset: number | undefined;
  #starting = true;
  /** Pushes of data that came. */
  pushes = 0;
  /** Publications that they stand for. */
  publications = 0;
  readonly gaps: { readonly from: number; readonly to: number }[] = [];
  readonly told: { readonly freshness: Freshness; readonly atMs: number }[] = [];
  /** When each push of data came. */
  readonly arrivals: number[] = [];

  /** @param report hears of every rule that is broken */
  constructor(topic: string, report: (fault: string) => void) {
    this.topic = topic;
    this.#report = report;
  }

  /** Subscribes. A client may follow many topics, each with a follower of its own. */
  async start(client: WireClient, options: FollowerOptions = {}): Promise<JsonObject> {
    const others = client.pushed;
    client.pushed = (push) => (push.t === this.#number ? this.#take(push) : others(push));
    // The answer precedes every push, but the promise of it is heard after a push of the same frame: keep those.
    const early: PushFrame[] = [];
    const keepEarly = client.pushed;
    client.pushed = (push) => (this.#number === undefined ? early.push(push) : keepEarly(push));
    const reply = await client.command('subscribe', { topic: this.topic, ...options });
    this.#number = reply['topic'] as number;
    this.#epoch = reply['epoch'] as string;
    this.#kind = reply['kind'] as TopicKind;
    this.#picture ??= new Picture(this.#kind, reply['keyField'] as string | undefined);
    this.#offset = reply['offset'] as number;
    for (const push of early) client.pushed(push);
    return reply;
  }

  /** Changes options; the pushes come under another number then. */
  async configure(client: WireClient, change: JsonObject): Promise<void> {
    const before = client.pushed;
    const early: PushFrame[] = [];
    // Whichever of the two numbers comes while the answer is on its way belongs here.
    client.pushed = (push) => (push.t === this.#number ? this.#take(push) : early.push(push));
    const { topic } = await client.command('configure', { topic: this.#number ?? 0, ...change });
    this.#number = topic as number;
    client.pushed = before;
    for (const push of early) client.pushed(push);
  }

  get offset(): number {
    return this.#offset ?? 0;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get value(): JsonValue {
    return this.#picture?.value ?? null;
  }

  get entries(): readonly JsonValue[] {
    return this.#picture?.entries ?? [];
  }

  #take(push: PushFrame): void {
    if (push.end) this.#report(`${this.topic}: the subscription was ended with ${push.end.code}: ${push.end.reason}`);
    else if (push.q) this.told.push({ freshness: push.q, atMs: performance.now() });
    else if (push.gap) this.#takeGap(push.gap);
    else if (push.o !== undefined) this.#takeData(push, push.o);
  }

  #takeGap(gap: { readonly from: number; readonly to: number }): void {
    if (gap.from !== this.offset + 1) {
      this.#report(`${this.topic}: a gap from ${gap.from} was told at ${this.offset}`);
    }
    this.gaps.push(gap);
    this.#offset = gap.to;
  }

  #takeData(push: PushFrame, offset: number): void {
    const { n = 1, r } = push;
    // All that there is may come at any time, but for a log, which tells what is missing.
    const whole = r === 1 && (this.#starting || this.#kind !== 'log');
    if (!whole && offset - n > this.offset) this.#report(`${this.topic}: lost ${this.offset + 1} to ${offset - n}`);
    if (offset <= this.offset && !this.#starting) this.#report(`${this.topic}: ${offset} came again`);
    this.#starting = false;
    this.#offset = offset;
    this.pushes++;
    this.publications += n;
    this.arrivals.push(performance.now());
    this.#picture?.take(push);
  }
}
