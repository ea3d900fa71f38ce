import { Ring } from '@tidewall/base';
import type { Member, Presence } from '@tidewall/protocol';

/** Who came and who went since a revision; not complete when that is too much, or too long ago, to be told one by one. */
export interface RosterNews {
  readonly join: readonly Member[];
  readonly leave: readonly Member[];
  readonly count: number;
  readonly complete: boolean;
}

interface Move {
  readonly member: Member;
  readonly came: boolean;
}

/**
 * Who follows one topic: sessions, each once, however many of its subscriptions they are. Up to a limit they are told
 * by name; a crowd is only counted, so that its coming and going costs the same however large it is.
 */
export class Roster {
  readonly #most: number;
  /** How many subscriptions each session has. */
  readonly #members = new Map<string, { readonly member: Member; subscriptions: number }>();
  readonly #moves = new Ring<Move>(1);
  /** Up to which move is to be told of; further ones wait for `settle`. */
  #settled = 0;
  /** The last move after which there was a crowd: who was told no later than that may know a number and no names. */
  #crowdedUntil = -1;

  /** @param most members that are told by name */
  constructor(most: number) {
    this.#most = most;
  }

  /** Grows when there is somebody's coming or going to tell of. */
  get revision(): number {
    return this.#settled;
  }

  /** All that happened so far is to be told of. */
  settle(): void {
    this.#settled = this.#moves.end - 1;
  }

  get crowded(): boolean {
    return this.#members.size > this.#most;
  }

  /** A session follows the topic, perhaps not for the first time. True: it has come. */
  enter(member: Member): boolean {
    const known = this.#members.get(member.session);
    if (known) {
      known.subscriptions++;
      return false;
    }
    this.#members.set(member.session, { member, subscriptions: 1 });
    this.#note({ member, came: true });
    return true;
  }

  /** One subscription of a session ends. True: it has gone. */
  exit(session: string): boolean {
    const known = this.#members.get(session);
    if (!known || --known.subscriptions > 0) return false;
    this.#members.delete(session);
    this.#note({ member: known.member, came: false });
    return true;
  }

  read(): Presence {
    const count = this.#members.size;
    return this.crowded ? { count } : { count, members: [...this.#members.values()].map(({ member }) => member) };
  }

  since(revision: number): RosterNews {
    const count = this.#members.size;
    const names = !this.crowded && revision >= this.#moves.first - 1 && revision > this.#crowdedUntil;
    if (!names) return { join: [], leave: [], count, complete: false };
    const join = new Map<string, Member>();
    const leave = new Map<string, Member>();
    for (let number = revision + 1; number <= this.#settled; number++) {
      const { member, came } = this.#moves.at(number) as Move;
      const [to, from] = came ? [join, leave] : [leave, join];
      // Who came and went in between need not be told of; a session's id is never used again.
      if (!from.delete(member.session)) to.set(member.session, member);
    }
    return { join: [...join.values()], leave: [...leave.values()], count, complete: true };
  }

  #note(move: Move): void {
    this.#moves.push(move);
    if (this.crowded) this.#crowdedUntil = this.#moves.end - 1;
    while (this.#moves.length > Math.max(1, this.#most)) this.#moves.shift();
  }
}
