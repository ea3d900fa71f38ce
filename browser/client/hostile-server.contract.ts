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
  readonly view: number;
  /** What a follower of `epoch:offset` holds, for kinds that are held whole. */
  readonly past = new Map<string, string>();
  epochs = 1;
  publications: Publication[] = [];
  /** How many of the oldest are dropped. */
  dropped = 0;

  constructor(name: string, kind: TopicKind, view: number) {
    this.name = name;
    this.kind = kind;
    this.view = view;
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

  /** The pushes from `from` to the head; -1: the whole. */
  pushes(from: number): JsonObject[] {
    const { view: t, head: o } = this;
    if (from === o) return [];
    const whole = { t, o, r: 1, at: o, d: this.value() };
    const news = this.publications.slice(Math.max(from, 0));
    if (this.kind === 'log') {
      if (from < 0) return [whole];
      const gap = from < this.dropped ? [{ t, o: this.dropped, gap: { from: from + 1, to: this.dropped } }] : [];
      const start = Math.max(from, this.dropped);
      const entries = this.publications.slice(start).map((one, i) => ({ t, o: start + i + 1, d: dataOf(one) }));
      return [...gap, ...entries];
    }
    if (from < this.dropped) return [whole];
    const n = news.length;
    if (this.kind === 'series') {
      const marks = news.map(markOf);
      return [{ t, o, n, d: { t: marks, v: marks } }];
    }
    if (this.kind === 'table') return news.map((one, i) => this.#rowsPush(one, from + i + 1));
    let patch: JsonValue | undefined = {};
    for (const one of news) {
      if (one.op === 'replace' || patch === undefined) patch = undefined;
      else if (one.op === 'merge') patch = composeMergePatches(patch, one.data);
    }
    return [patch === undefined ? { t, o, n, d: this.value() } : { t, o, n, m: patch }];
  }

  #rowsPush(one: Publication, o: number): JsonObject {
    if (one.op !== 'rows') throw new Error('broken invariant: a table has rows');
    return { t: this.view, o, u: [one.row], ...(one.gone === undefined ? {} : { x: [one.gone] }) };
  }
}

/** Something that goes wrong with the next lines that the server sends. */
export type Mischief =
  | { readonly type: 'drop' | 'double' | 'swap' | 'truncate' | 'replay'; readonly index: number }
  | { readonly type: 'garbage'; readonly text: string }
  | { readonly type: 'refuse'; readonly name: ErrorName }
  | { readonly type: 'malform' };

/** A server that follows the hub's rules, over a link that does what the test says: it loses, doubles, swaps, garbles. */
export class HostileServer implements Transport {
  readonly name = 'hostile';
  readonly topics: readonly ModelTopic[];
  #events: TransportEvents | undefined;
  #opening = false;
  #following = new Map<ModelTopic, number>();
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

  end(topic: ModelTopic, code: number): void {
    if (this.#following.delete(topic)) this.say({ t: topic.view, end: { code, reason: 'by the test' } });
  }

  /** Accepts a link that waits, brings every follower to the head, and sends what there is as one frame. */
  deliver(): void {
    if (this.#opening) {
      this.#opening = false;
      this.#events?.opened();
    }
    for (const [topic, offset] of this.#following) {
      for (const push of topic.pushes(offset)) this.say(push);
      this.#following.set(topic, topic.head);
    }
    const lines = this.#out.splice(0);
    if (lines.length === 0 || this.#events === undefined) return;
    const said = this.#mischief.splice(0).reduce((some, mischief) => this.#spoil(some, mischief), lines);
    this.#said.push(...lines);
    if (said.length > 0) this.#events.received(said.join('\n'));
  }

  #forgetLink(): void {
    this.#events = undefined;
    this.#opening = false;
    this.#following = new Map();
    this.#out = [];
    this.#said = [];
  }

  #take(frame: JsonObject): void {
    const { id, ping, subscribe, unsubscribe } = frame;
    if (ping !== undefined) this.say({ pong: { t0: (ping as JsonObject)['t0'] as number, t1: NOW, t2: NOW } });
    else if ('connect' in frame)
      this.say({ id: id as number, connect: { session: 's', node: 'n', now: NOW, pingMs: 25_000 } });
    else if (unsubscribe !== undefined) {
      const { topic: view } = unsubscribe as { topic: number };
      for (const topic of this.#following.keys()) {
        if (topic.view !== view) continue;
        // What was written before the command came still goes out.
        for (const push of topic.pushes(this.#following.get(topic) as number)) this.say(push);
        this.#following.delete(topic);
      }
      this.say({ id: id as number, unsubscribe: {} });
    } else this.#subscribe(id as number, subscribe as JsonObject);
  }

  #subscribe(id: number, body: JsonObject): void {
    const topic = this.topics.find(({ name }) => name === body['topic']) as ModelTopic;
    if (this.#following.has(topic)) {
      const { code } = ERROR_CODES.already_subscribed;
      this.say({
        id,
        error: { code, name: 'already_subscribed', message: '', retryable: false, afterMs: 0, detail: {} },
      });
      return;
    }
    const { offset, recovered } = startOf(topic, body['since'] as Since | undefined);
    this.#following.set(topic, offset);
    const { view, kind, epoch, head } = topic;
    const reply = { topic: view, kind, epoch, offset: offset < 0 ? head : offset, recovered, keyField: 'id' };
    this.say({ id, subscribe: { ...reply, freshness: { state: 'quiet', asOf: 0 } } });
    for (const push of topic.pushes(offset)) this.say(push);
    this.#following.set(topic, head);
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
          if (Number.isNaN(id)) return line;
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
        // Nothing follows an end, so nothing would show that it was lost or came too early.
        if (mischief.type !== 'double' && lines.slice(at, at + 2).some((one) => one.includes('"end":'))) return lines;
        if (mischief.type === 'drop') rest.splice(at, 1);
        if (mischief.type === 'double') rest.splice(at, 0, line);
        if (mischief.type === 'truncate') rest[at] = line.slice(0, line.length >> 1);
        if (mischief.type === 'swap') rest.splice(at, 2, ...rest.slice(at, at + 2).reverse());
        if (mischief.type === 'replay') rest.push(this.#said[mischief.index % Math.max(1, this.#said.length)] ?? line);
        return rest;
      }
    }
  }
}

/** The hub's rules H6 to H9. */
function startOf(topic: ModelTopic, since: Since | undefined): { offset: number; recovered: boolean } {
  if (since) {
    const known = since.epoch === topic.epoch && since.offset <= topic.head;
    if (known && since.offset >= topic.dropped) return { offset: since.offset, recovered: true };
    return { offset: known && topic.kind === 'log' ? since.offset : -1, recovered: false };
  }
  if (topic.head === 0 || topic.kind === 'log') return { offset: topic.head, recovered: false };
  return { offset: -1, recovered: false };
}
