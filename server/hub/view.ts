import type { Encoding, PlaceInTopic, Push, TopicLog, TopicSettings } from '@tidewall/contracts';
import type { Freshness, Member, Presence, TopicName } from '@tidewall/protocol';
import type { Cohort } from './cohort.ts';
import type { Change, Kind, Projection } from './kinds/index.ts';
import { NEEDS_SNAPSHOT, type Place } from './place.ts';
import type { RosterNews } from './roster.ts';
import type { ViewOptions } from './view-options.ts';

/** Sessions stand at one offset, or at a few after a cut; frames for more are not kept. */
const MOST_FRAMES = 8;
/**
 * A view whose topic goes on without effect on it tells its position after so many publications, or a client that
 * comes back would ask from a position that is long gone.
 */
const UNTOLD_PUBLICATIONS = 64;

/** A topic, as its views see it. */
export interface ViewedTopic {
  readonly name: TopicName;
  readonly settings: Pick<TopicSettings, 'kind'>;
  readonly log: Pick<TopicLog, 'head' | 'first' | 'at'>;
  readonly kind: Kind;
  readonly vitality: { readonly revision: number };
  readonly freshness: Freshness;
  /** Who follows it; asked for by views that tell. */
  readonly roster: { readonly revision: number; read(): Presence; since(revision: number): RosterNews };
  /** As others say it. */
  whereabouts(offset: number): PlaceInTopic;
  /** The source's or our clock, ms since 1970. */
  now(): number;
}

/** One session's part in a view. */
export interface Viewer {
  readonly member: Member;
  /** Ends the part without asking, after its client was told. */
  dropped(): void;
  /** Writes frames that nobody else gets, whether or not the session reads. */
  tell(frames: readonly Uint8Array[]): void;
}

/**
 * All subscriptions of a topic that must receive the same bytes. Sessions in step with all their views stand in
 * cohorts, and get the view's frame without being looked at one by one; a session that stands alone pulls from its
 * own place, whatever that is.
 */
export class View {
  /** The `t` of its pushes. */
  readonly number: number;
  readonly topic: ViewedTopic;
  readonly encoding: Encoding;
  readonly options: ViewOptions;
  readonly viewers = new Set<Viewer>();
  readonly cohorts = new Set<Cohort>();
  /** Where the sessions in step are. */
  readonly place: Place;
  /** Not before this time of the monotonic clock may it flush again; of a view with a rate. */
  notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Has something to tell that its rate does not allow yet. */
  waiting = false;
  readonly #projection: Projection;
  /** What brings a subscription from an offset to this head, for the few offsets that sessions are at. */
  #frames = { head: -1, from: new Map<number | string, Uint8Array>() };

  constructor(number: number, topic: ViewedTopic, encoding: Encoding, options: ViewOptions) {
    this.number = number;
    this.topic = topic;
    this.encoding = encoding;
    this.options = options;
    this.#projection = topic.kind.project(options);
    this.place = this.placeAt(topic.log.head);
  }

  get whereabouts(): PlaceInTopic {
    return this.topic.whereabouts(this.place.offset);
  }

  /** The place of somebody who is at that offset and has just been told all the news. */
  placeAt(offset: number): Place {
    const { vitality, roster } = this.topic;
    const presence = this.options.presence ? roster.revision : 0;
    return { offset, told: offset, freshness: vitality.revision, presence };
  }

  /** Whether somebody in this place is where the sessions in step are, and may go on with them. */
  inStep({ offset, told, freshness, presence }: Place): boolean {
    const { place } = this;
    return (
      offset === place.offset &&
      told >= place.told &&
      freshness === place.freshness &&
      (presence === place.presence || !this.options.presence)
    );
  }

  /**
   * Moves the sessions in step to the head.
   *
   * @returns the frame that takes them there; undefined when nothing has to be told. When it cannot be made, nothing
   *   has moved.
   */
  advance(): Uint8Array | undefined {
    const { place, topic } = this;
    const { head } = topic.log;
    const pushes = place.offset === head ? [] : this.#pushes(place, this.#changesSince(place), false);
    const news = this.#news(place);
    const frame = pushes.length + news.length === 0 ? undefined : this.encoding.encode([...pushes, ...news]);
    // Of use to somebody who stands alone only if it leads to the head.
    const shared = news.length === 0 && place.offset === place.told && pushes.at(-1)?.offset === head;
    this.#remember(place.offset, shared, frame);
    this.#moveTo(place, pushes.at(-1)?.offset);
    return frame;
  }

  /**
   * The frame that brings somebody who stands alone to the head and tells it all news; undefined when there is nothing
   * to tell. Those who lack the same get the same frame: those that join, and those that come back after one cut. When
   * it cannot be made, nothing has moved.
   */
  pull(place: Place): Uint8Array | undefined {
    const { head } = this.topic.log;
    const behind = place.offset !== head;
    const news = this.#news(place);
    const shared = behind && news.length === 0 && (place.offset === place.told || place.offset === NEEDS_SNAPSHOT);
    const lacks = this.#lacks(place);
    let frame = shared ? this.#remembered(lacks) : undefined;
    if (frame === undefined) {
      const pushes = behind ? this.#pushes(place, this.#changesSince(place), true) : [];
      if (pushes.length + news.length > 0) frame = this.encoding.encode([...pushes, ...news]);
      this.#remember(lacks, shared, frame);
    }
    this.#moveTo(place, behind ? head : undefined);
    place.rewind = undefined;
    return frame;
  }

  /** As `pull`, for somebody that could not be written to or is new: a signal that is over is over. */
  catchUp(place: Place): Uint8Array | undefined {
    if (!this.topic.kind.keeps && place.offset !== NEEDS_SNAPSHOT) {
      place.offset = this.topic.log.head;
      place.told = place.offset;
    }
    return this.pull(place);
  }

  /** For somebody who reads again and is told with those in step: what they have heard of a signal is over. */
  rejoin(place: Place): void {
    if (this.topic.kind.keeps || place.offset >= this.place.offset) return;
    place.offset = this.place.offset;
    place.told = this.place.told;
  }

  /** Ends every subscription with a code and a reason for its client. */
  end(code: number, reason: string): void {
    const frame = this.#endFrame(code, reason);
    for (const viewer of [...this.viewers]) this.#end(viewer, frame);
  }

  /** Ends one subscription; the others go on. */
  endOf(viewer: Viewer, { code, reason }: { readonly code: number; readonly reason: string }): void {
    this.#end(viewer, this.#endFrame(code, reason));
  }

  #endFrame(code: number, reason: string): Uint8Array {
    return this.encoding.encode([{ type: 'end', ...this.#head(), code, reason }]);
  }

  #end(viewer: Viewer, frame: Uint8Array): void {
    try {
      // Also to a session that is stalled: a subscription must not end without a word.
      viewer.tell([frame]);
    } finally {
      viewer.dropped();
    }
  }

  #changesSince({ offset: from, rewind }: Place): readonly Change[] {
    const { log, kind } = this.topic;
    if (from !== NEEDS_SNAPSHOT && !this.#alwaysWhole) {
      if (from + 1 >= log.first) return this.#projection.changes(from);
      if (this.#projection.changesPastLoss) return this.#projection.changesPastLoss(from);
    }
    const part = rewind && kind.backfill?.(rewind, this.topic.now(), this.options.selection);
    return [this.#whole(part ?? this.#projection.snapshot() ?? kind.empty, log.head)];
  }

  get #alwaysWhole(): boolean {
    const { kind } = this.topic;
    const { whole } = this.options;
    return whole === 'kept' ? kind.keeps : whole === 'value' && kind.startsWith === 'snapshot';
  }

  #whole(json: string, offset: number): Push & Change {
    return {
      type: 'value',
      ...this.#head(),
      offset,
      at: this.topic.log.at(offset)?.at ?? 0,
      n: 1,
      json,
      reset: true,
    };
  }

  /**
   * The changes as pushes of this view, the first of which leads from where the client thinks that it is. Somebody who
   * stands alone is told its position too where the changes do not reach the head; in step, that can wait.
   */
  #pushes(place: Place, changes: readonly Change[], alone: boolean): Push[] {
    const { log } = this.topic;
    const head = this.#head();
    const untold = place.offset === NEEDS_SNAPSHOT ? 0 : Math.max(0, place.offset - place.told);
    const pushes = changes.map((change, index): Push => {
      const more = index === 0 ? untold : 0;
      if (change.type === 'value') {
        // Nearly all are this, and a literal costs a fifth of what spreading does.
        const { offset, at, n, json, reset } = change;
        const { view, topic, kind } = head;
        return { type: 'value', view, topic, kind, offset, at, n: n + more, json, reset };
      }
      const push: Push = { ...head, ...change };
      if (more === 0) return push;
      if (push.type === 'gap') return { ...push, from: push.from - more };
      return 'n' in push ? { ...push, n: push.n + more } : push;
    });
    const told = pushes.at(-1)?.offset ?? place.told;
    if (told < log.head && (alone || log.head - told >= UNTOLD_PUBLICATIONS)) {
      pushes.push({ type: 'position', ...head, at: log.at(log.head)?.at ?? 0, n: log.head - told });
    }
    return pushes;
  }

  /** What is to be told beside the data. */
  #news(place: Place): Push[] {
    const { topic, options } = this;
    const news: Push[] = [];
    if (place.freshness !== topic.vitality.revision) {
      news.push({ type: 'freshness', ...this.#head(), freshness: topic.freshness });
    }
    if (options.presence && place.presence !== topic.roster.revision) {
      const { join, leave, count, complete } = topic.roster.since(place.presence);
      if (complete) news.push({ type: 'presence-change', ...this.#head(), join, leave, count });
      else news.push({ type: 'presence', ...this.#head(), presence: topic.roster.read() });
    }
    return news;
  }

  /** Moves to the head, of which the client has been told as far as that. */
  #moveTo(place: Place, told: number | undefined): void {
    const { offset, freshness, presence } = this.placeAt(this.topic.log.head);
    place.offset = offset;
    if (told !== undefined) place.told = told;
    place.freshness = freshness;
    place.presence = presence;
  }

  #head() {
    const { name, settings, log } = this.topic;
    return { view: this.number, topic: name, kind: settings.kind, offset: log.head };
  }

  /** Who lacks the same gets the same frame. */
  #lacks({ offset, rewind }: Place): number | string {
    if (offset !== NEEDS_SNAPSHOT || rewind === undefined) return offset;
    // What is young enough is so only now.
    return JSON.stringify(rewind.ms === undefined ? rewind : [rewind, this.topic.now()]);
  }

  #remembered(key: number | string): Uint8Array | undefined {
    return this.#frames.head === this.topic.log.head ? this.#frames.from.get(key) : undefined;
  }

  #remember(key: number | string, shared: boolean, frame: Uint8Array | undefined): void {
    if (!shared || frame === undefined) return;
    const { head } = this.topic.log;
    if (this.#frames.head !== head) this.#frames = { head, from: new Map() };
    const { from } = this.#frames;
    const [oldest] = from.keys();
    if (from.size >= MOST_FRAMES && oldest !== undefined) from.delete(oldest);
    from.set(key, frame);
  }
}
