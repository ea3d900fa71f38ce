import { assert, Ring } from '@tidewall/base';
import type { Base, Draft, Keep, LogFollower, Publication, TopicLog } from '@tidewall/contracts';

/** Before anybody has followed a topic, only the newest publication is kept. */
const NEWEST_ONLY: Keep = { count: 1, bytes: 0 };

/** The kept part of one topic in memory: publications come in at the head and are let go from the old end. */
export class KeptLog implements TopicLog {
  epoch: string;
  follower: LogFollower | undefined;
  /** The words of the last follower. */
  about = '';
  /** The bounds that counted for the newest publication: those of its follower. */
  keep: Keep = NEWEST_ONLY;
  base: Base | undefined;
  #ring = new Ring<Publication>(1);
  #weight = 0;
  #size = 0;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  get head(): number {
    return this.#ring.end - 1;
  }

  get first(): number {
    return this.#ring.first;
  }

  /** Publications kept. */
  get count(): number {
    return this.#ring.length;
  }

  /** Length of their JSON texts, in UTF-16 units. */
  get size(): number {
    return this.#size;
  }

  at(offset: number): Publication | undefined {
    return this.#ring.at(offset);
  }

  /**
   * Takes the publication after the head in, and lets go what is over the bounds.
   *
   * @param lettable nothing after this offset is let go
   * @returns the length of the JSON that was let go
   */
  append(publication: Publication, lettable = Number.POSITIVE_INFINITY): number {
    assert(publication.offset === this.#ring.end, 'a publication follows the head');
    if (this.follower) this.keep = this.follower.keep;
    this.#ring.push(publication);
    this.#weight += publication.weight;
    this.#size += publication.json.length;
    return this.#trim(publication.at, lettable);
  }

  follow(follower: LogFollower): void {
    assert(this.follower === undefined, 'a topic has one follower');
    this.follower = follower;
    this.about = follower.about;
  }

  /** The follower goes; what it held stays, as a base for the next one. */
  leave(): void {
    const json = this.follower?.snapshot();
    if (json !== undefined) this.base = { offset: this.head, at: this.at(this.head)?.at ?? 0, json };
    this.follower = undefined;
  }

  /** Lets everything go; the next publication has this offset. */
  restart(offset: number): void {
    this.#ring = new Ring(offset);
    this.#weight = 0;
    this.#size = 0;
  }

  #trim(newestAt: number, lettable: number): number {
    const { count, bytes, ageMs } = this.keep;
    const before = this.#size;
    let letGo = 0;
    while (this.#ring.length > 1 && this.#ring.first <= lettable) {
      const oldest = this.#ring.at(this.#ring.first);
      assert(oldest, 'a ring that is not empty has a first item');
      const tooOld = ageMs !== undefined && oldest.at < newestAt - ageMs;
      if (this.#weight <= count && this.#size <= bytes && !tooOld) break;
      this.#ring.shift();
      this.#weight -= oldest.weight;
      this.#size -= oldest.json.length;
      letGo++;
    }
    // A base that the kept publications do not continue tells nobody anything.
    if (letGo > 0 && this.base !== undefined && this.base.offset < this.first - 1) this.base = undefined;
    return before - this.#size;
  }
}

/** A draft in its place. */
export function placed({ op, json, at, weight, key }: Draft, offset: number): Publication {
  return key === undefined ? { op, json, at, weight, offset } : { op, json, at, weight, key, offset };
}

/** A new epoch. Of two of one topic, both are the same by chance once in 10^18. */
export function newEpoch(random: () => number): string {
  const part = () => Math.floor(random() * 2 ** 30).toString(36);
  return `${part()}${part()}`;
}
