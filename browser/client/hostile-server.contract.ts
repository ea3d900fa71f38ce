import { applyMergePatch, composeMergePatches, type JsonObject, type JsonValue } from '@tidewall/base';
import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
import { ERROR_CODES, type ErrorName, type Since, type TopicKind } from '@tidewall/protocol';

/** The server's clock, later than every mark: a point of the future would be left out. */
const NOW = 1e12;

type Publication =
  | { readonly op: 'replace' | 'merge' | 'append'; readonly data: JsonValue }
  | { readonly op: 'rows'; readonly row: JsonObject; readonly gone: string | undefined };

function dataOf(publication: Publication): JsonValue {
  return publication.op === 'rows' ? publication.row : publication.data;
}

function markOf(publication: Publication): number {
  return (dataOf(publication) as { t: number[] }).t[0] as number;
}

/** The truth about one topic: everything that was ever published, of which the newest are kept. */
export class ModelTopic {
  readonly name: string;
  readonly kind: TopicKind;
  /** What a follower of `epoch:offset` holds, for kinds that are held whole. */
  readonly past = new Map<string, string>();
  epochs = 1;
  publications: Publication[] = [];
  /** How many of the oldest are dropped. */
  dropped = 0;

  constructor(name: string, kind: TopicKind) {
    this.name = name;
    this.kind = kind;
  }

  get epoch(): string {
    return `e${this.epochs}`;
  }

  get head(): number {
    return this.publications.length;
  }

  /** The next publication; it says its own place, so that what is held can be checked against the truth. */
  publish(): void {
    const offset = this.head + 1;
    const mark = this.epochs * 1_000_000 + offset;
    if (this.kind === 'log') this.publications.push({ op: 'append', data: mark });
    else if (this.kind === 'series') this.publications.push({ op: 'append', data: { t: [mark], v: [mark] } });
    else if (this.kind === 'table') {
      const row = offset % 2 === 0 ? { id: `row ${offset % 5}`, mark } : { id: 'mark', mark };
      this.publications.push({ op: 'rows', row, gone: offset % 3 === 0 ? `row ${offset % 4}` : undefined });
    } else if (offset % 6 === 1) this.publications.push({ op: 'replace', data: { mark, deep: { a: mark } } });
    else {
      const deep = offset % 3 === 0 ? null : { [`k${offset % 4}`]: mark };
      this.publications.push({ op: 'merge', data: { mark, deep } });
    }
    this.past.set(JSON.stringify(this.value()), `${this.epoch}:${offset}`);
  }

  /** Forgets all but the newest. */
  trim(kept: number): void {
    this.dropped = Math.max(this.dropped, this.head - kept);
  }

  /** The order is lost. */
  restart(): void {
    this.epochs += 1;
    this.publications = [];
    this.dropped = 0;
  }

  value(): JsonValue {
    const kept = this.publications.slice(this.kind === 'state' || this.kind === 'table' ? 0 : this.dropped);
    if (this.kind === 'log') return kept.map(dataOf);
    if (this.kind === 'series') {
      const marks = kept.map(markOf);
      return { t: marks, v: marks };
    }
    if (this.kind === 'state') {
      let value: JsonValue = null;
      for (const one of kept) {
        if (one.op === 'replace') value = one.data;
        else if (one.op === 'merge') value = applyMergePatch(value, one.data);
      }
      return value;
    }
    const rows = new Map<string, JsonObject>();
    for (const one of kept) {
      if (one.op !== 'rows') continue;
      if (one.gone !== undefined) rows.delete(one.gone);
      rows.set(one.row['id'] as string, one.row);
    }
    return [...rows.values()];
  }

  /** What brings a follower to the head. */
  pushes(following: Following): JsonObject[] {
    const { number: t, offset: from } = following;
    const { head: o } = this;
    if (from === o) return [];
    following.offset = o;
    const told = Math.min(following.told, from);
    following.told = o;
    if (this.kind === 'log') return this.#entryPushes(following, from, told);
    const whole = { t, o, r: 1, at: o, d: this.value() };
    if (from < this.dropped) return [whole];
    const news = this.publications.slice(from);
    if (this.kind === 'series') {
      // One by one: of points that came joined, nobody could tell which are held already.
      return news.map((one, i) => ({ t, o: from + i + 1, d: { t: [markOf(one)], v: [markOf(one)] } }));
    }
    if (this.kind === 'table') return news.map((one, i) => rowsPush(one, t, from + i + 1));
    let patch: JsonValue | undefined = {};
    for (const one of news) {
      if (one.op === 'replace' || patch === undefined) patch = undefined;
      else if (one.op === 'merge') patch = composeMergePatches(patch, one.data);
    }
    const n = news.length;
    return [patch === undefined ? { t, o, n, d: this.value() } : { t, o, n, m: patch }];
  }

  /** Of a filtered log, entries that do not pass count with the next one, or are told of as nothing but a position. */
  #entryPushes(following: Following, from: number, told: number): JsonObject[] {
    const { number: t, filtered } = following;
    const passes = (mark: JsonValue) => !filtered || (mark as number) % 2 === 0;
    if (from < 0) {
      return [{ t, o: this.head, r: 1, at: this.head, d: (this.value() as JsonValue[]).filter(passes) }];
    }
    const pushes: JsonObject[] = [];
    let at = told;
    const tell = (o: number, content: JsonObject) => {
      pushes.push({ t, o, n: o - at, ...content });
      at = o;
    };
    if (from < this.dropped) tell(this.dropped, { gap: { from: from + 1, to: this.dropped } });
    const start = Math.max(from, this.dropped);
    for (const [i, one] of this.publications.slice(start).entries()) {
      if (passes(dataOf(one))) tell(start + i + 1, { d: dataOf(one) });
    }
    if (at < this.head && this.head % 3 === 0) tell(this.head, {});
    following.told = at;
    return pushes;
  }
}

function rowsPush(one: Publication, t: number, o: number): JsonObject {
  if (one.op !== 'rows') throw new Error('broken invariant: a table has rows');
  return { t, o, u: [one.row], ...(one.gone === undefined ? {} : { x: [one.gone] }) };
}

/** One view of a topic, as the server follows it for this session. */
interface Following {
  readonly topic: ModelTopic;
  readonly options: string;
  /** Only even marks are shown. */
  readonly filtered: boolean;
  number: number;
  /** Up to where it was sent what there is; -1: it needs the whole. */
  offset: number;
  /** Up to where it knows. */
  told: number;
  named: boolean;
  /** It was found by the pattern. */
  found: boolean;
}

/** Something that goes wrong with the next lines that the server sends. */
export type Mischief =
  | { readonly type: 'drop' | 'double' | 'swap' | 'truncate' | 'replay'; readonly index: number }
  | { readonly type: 'garbage'; readonly text: string }
  | { readonly type: 'refuse'; readonly name: ErrorName }
  | { readonly type: 'malform' };

/** A rate that the model changes nothing to. */
export const FORBIDDEN_RATE_HZ = 3;

/** The pattern that the model knows; it finds every topic. */
export const PATTERN = 'topic/#';

/** A server that follows the hub's rules, over a link that does what the test says: it loses, doubles, swaps, garbles. */
export class HostileServer implements Transport {
  readonly name = 'hostile';
  readonly topics: readonly ModelTopic[];
  #events: TransportEvents | undefined;
  #opening = false;
  #numbers = 6;
  #followings: Following[] = [];
  /** The number of the pattern, while it is followed. */
  #pattern: number | undefined;
  #out: string[] = [];
  #said: string[] = [];
  #mischief: Mischief[] = [];

  constructor(topics: readonly ModelTopic[]) {
    this.topics = topics;
  }

  open(_url: string, events: TransportEvents): TransportLink {
    this.#forgetLink();
    this.#events = events;
    this.#opening = true;
    return {
      send: (text) => {
        for (const line of text.split('\n')) if (this.#events === events) this.#take(JSON.parse(line) as JsonObject);
      },
      close: () => {
        if (this.#events === events) this.#forgetLink();
      },
    };
  }

  close(code: number): void {
    const events = this.#events;
    this.#forgetLink();
    events?.closed(code, 'by the test');
  }

  plan(mischief: Mischief): void {
    this.#mischief.push(mischief);
  }

  behave(): void {
    this.#mischief = [];
  }

  /** Frames of the wire that are true of every honest server. */
  say(frame: JsonObject): void {
    this.#out.push(JSON.stringify(frame));
  }

  /** A topic ends, and one that may be followed again begins again. */
  end(topic: ModelTopic, code: number): void {
    const ended = this.#followings.filter((following) => following.topic === topic);
    this.#followings = this.#followings.filter((following) => following.topic !== topic);
    for (const { number } of ended) this.say({ t: number, end: { code, reason: 'by the test' } });
    if (code >= 2500 && ended.some(({ found }) => found)) {
      this.#find(topic, { offset: topic.kind === 'log' ? topic.dropped : -1, recovered: false });
    }
  }

  endPattern(code: number): void {
    if (this.#pattern === undefined) return;
    this.say({ t: this.#pattern, end: { code, reason: 'by the test' } });
    this.#leavePattern();
  }

  /** Whatever is said of who is there, to whoever follows something. */
  gossip(push: JsonObject): void {
    for (const { number } of this.#followings) this.say({ t: number, ...push });
  }

  /** Accepts a link that waits, brings every follower to the head, and sends what there is as one frame. */
  deliver(): void {
    if (this.#opening) {
      this.#opening = false;
      this.#events?.opened();
    }
    for (const following of this.#followings) this.#flush(following);
    const lines = this.#out.splice(0);
    if (lines.length === 0 || this.#events === undefined) return;
    const said = this.#mischief.splice(0).reduce((some, mischief) => this.#spoil(some, mischief), lines);
    this.#said.push(...lines);
    if (said.length > 0) this.#events.received(said.join('\n'));
  }

  #forgetLink(): void {
    this.#events = undefined;
    this.#opening = false;
    this.#followings = [];
    this.#pattern = undefined;
    this.#out = [];
    this.#said = [];
  }

  #flush(following: Following): void {
    for (const push of following.topic.pushes(following)) this.say(push);
  }

  #take(frame: JsonObject): void {
    const { ping, unsubscribe, configure, subscribe } = frame;
    const id = frame['id'] as number;
    if (ping !== undefined) this.say({ pong: { t0: (ping as JsonObject)['t0'] as number, t1: NOW, t2: NOW } });
    else if ('connect' in frame) this.say({ id, connect: { session: 's', node: 'n', now: NOW, pingMs: 25_000 } });
    else if (unsubscribe !== undefined) this.#unsubscribe(id, (unsubscribe as { topic: number }).topic);
    else if (configure !== undefined) this.#configure(id, configure as JsonObject);
    else if ((subscribe as JsonObject)['topic'] === PATTERN) this.#followPattern(id, subscribe as JsonObject);
    else this.#subscribe(id, subscribe as JsonObject);
  }

  #refuse(id: number, name: ErrorName): void {
    const { code, retryable } = ERROR_CODES[name];
    this.say({ id, error: { code, name, message: '', retryable, afterMs: 0, detail: {} } });
  }

  #unsubscribe(id: number, number: number): void {
    if (number === this.#pattern) this.#leavePattern();
    else {
      const following = this.#named(number);
      if (following === undefined) {
        this.#refuse(id, 'not_subscribed');
        return;
      }
      // What was written before the command came still goes out.
      this.#flush(following);
      following.named = false;
      this.#letGo();
    }
    this.say({ id, unsubscribe: {} });
  }

  #named(number: number): Following | undefined {
    return this.#followings.find((following) => following.number === number && following.named);
  }

  #leavePattern(): void {
    this.#pattern = undefined;
    for (const following of this.#followings) following.found = false;
    this.#letGo();
  }

  #letGo(): void {
    this.#followings = this.#followings.filter(({ named, found }) => named || found);
  }

  #configure(id: number, { topic: number, rateHz }: JsonObject): void {
    const following = this.#named(number as number);
    if (following === undefined || rateHz === FORBIDDEN_RATE_HZ) {
      this.#refuse(id, following === undefined ? 'not_subscribed' : 'limit_exceeded');
      return;
    }
    const options = optionsOf({ rateHz: rateHz ?? undefined, filter: following.filtered || undefined });
    if (this.#followings.some((one) => one.topic === following.topic && one.options === options)) {
      this.#refuse(id, 'already_subscribed');
      return;
    }
    this.#flush(following);
    following.named = false;
    this.#letGo();
    const moved: Following = { ...following, options, number: ++this.#numbers, named: true, found: false };
    this.#followings.push(moved);
    this.say({ id, configure: { topic: moved.number } });
  }

  #subscribe(id: number, body: JsonObject): void {
    const topic = this.topics.find(({ name }) => name === body['topic']) as ModelTopic;
    const options = optionsOf(body);
    const known = this.#followings.find((one) => one.topic === topic && one.options === options);
    if (known?.named) {
      this.#refuse(id, 'already_subscribed');
      return;
    }
    const start = startOf(topic, body['since'] as Since | undefined);
    const following = this.#follow(topic, options, body['filter'] !== undefined, start);
    following.named = true;
    this.say({ id, subscribe: { topic: following.number, ...replyOf(topic, start) } });
    this.#flush(following);
  }

  #followPattern(id: number, body: JsonObject): void {
    if (this.#pattern !== undefined) {
      this.#refuse(id, 'already_subscribed');
      return;
    }
    this.#pattern = ++this.#numbers;
    this.say({ id, subscribe: { topic: this.#pattern, pattern: PATTERN } });
    const positions = (body['positions'] ?? {}) as unknown as Record<string, Since>;
    for (const topic of this.topics) this.#find(topic, startOf(topic, positions[topic.name]), optionsOf(body));
  }

  #find(topic: ModelTopic, start: Start, options = optionsOf({})): void {
    const following = this.#follow(topic, options, false, start);
    following.found = true;
    const found = { of: this.#pattern as number, topic: topic.name, ...replyOf(topic, start) };
    this.say({ t: following.number, new: found });
    this.#flush(following);
  }

  /** In the view of those options; whoever is in it already is brought to the head, so that it has what is sent now. */
  #follow(topic: ModelTopic, options: string, filtered: boolean, { offset }: Start): Following {
    let following = this.#followings.find((one) => one.topic === topic && one.options === options);
    if (following === undefined) {
      const number = ++this.#numbers;
      following = { topic, options, filtered, number, offset, told: offset, named: false, found: false };
      this.#followings.push(following);
    } else this.#flush(following);
    following.offset = offset;
    following.told = offset;
    return following;
  }

  #spoil(lines: string[], mischief: Mischief): string[] {
    if (lines.length === 0) return lines;
    switch (mischief.type) {
      case 'garbage':
        return [...lines, mischief.text];
      case 'refuse':
      case 'malform':
        return lines.map((line) => {
          const id = Number(/^\{"id":(\d+),/.exec(line)?.[1] ?? Number.NaN);
          // Who is refused another rate goes on at the one that it has; only an honest server may say so.
          if (Number.isNaN(id) || (mischief.type === 'refuse' && line.includes('"configure":'))) return line;
          if (mischief.type === 'malform') return JSON.stringify({ id, subscribe: { topic: 'x' }, connect: 7 });
          const { code, retryable } = ERROR_CODES[mischief.name];
          return JSON.stringify({
            id,
            error: { code, name: mischief.name, message: 'no', retryable, afterMs: 10, detail: {} },
          });
        });
      default: {
        const at = mischief.index % lines.length;
        const line = lines[at] as string;
        const rest = [...lines];
        // Nothing follows an end, so nothing would show that it was lost or came too early; of a topic that was found,
        // nobody knows who has not heard of it.
        const silent = (one: string) => one.includes('"end":') || one.includes('"new":');
        if (mischief.type !== 'double' && lines.slice(at, at + 2).some(silent)) return lines;
        if (mischief.type === 'drop') rest.splice(at, 1);
        if (mischief.type === 'double') rest.splice(at, 0, line);
        if (mischief.type === 'truncate') rest[at] = line.slice(0, line.length >> 1);
        if (mischief.type === 'swap') rest.splice(at, 2, ...rest.slice(at, at + 2).reverse());
        if (mischief.type === 'replay') {
          const said = this.#said[mischief.index % Math.max(1, this.#said.length)] ?? line;
          if (!silent(said)) rest.push(said);
        }
        return rest;
      }
    }
  }
}

interface Start {
  /** -1: with the whole. */
  readonly offset: number;
  readonly recovered: boolean;
}

/** The hub's rules H6 to H9. */
function startOf(topic: ModelTopic, since: Since | undefined): Start {
  if (since) {
    const known = since.epoch === topic.epoch && since.offset <= topic.head;
    if (known && since.offset >= topic.dropped) return { offset: since.offset, recovered: true };
    return { offset: known && topic.kind === 'log' ? since.offset : -1, recovered: false };
  }
  if (topic.head === 0 || topic.kind === 'log') return { offset: topic.head, recovered: false };
  return { offset: -1, recovered: false };
}

function replyOf({ kind, epoch, head }: ModelTopic, { offset, recovered }: Start): JsonObject {
  const freshness = { state: 'quiet', asOf: 0 };
  return { kind, epoch, offset: offset < 0 ? head : offset, recovered, keyField: 'id', freshness };
}

function optionsOf({ rateHz, filter }: { readonly rateHz?: unknown; readonly filter?: unknown }): string {
  return JSON.stringify([rateHz, filter !== undefined]);
}
