import type { TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import {
  type Freshness,
  freshnessOfAge,
  type Presence,
  type PushFrame,
  type Since,
  type TopicKind,
} from '@tidewall/protocol';
import { type Accepted, membersOf, presenceOf } from './frame.ts';
import { createFold } from './replicas/create-fold.ts';
import type { Fold, ReplicaValue } from './replicas/fold.ts';
import { DEFAULT_KEEP, type KeepCounts } from './wants.ts';

/** A point may lie this far ahead of the server's clock: clocks differ, but nothing has been measured tomorrow. */
const AHEAD_MS = 60_000;

/** Why the server does not let us follow a topic. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
}

/**
 * What this page holds of a topic. Its subscription feeds it; everybody else reads.
 *
 * While the topic cannot be had (no link, refused, waiting for a snapshot) it goes on showing what it last held: the
 * link's status, `refused` and `freshness` say how far to trust it.
 */
export class Replica implements TopicReplica {
  readonly topic: string;
  /** Up to where it holds the topic; undefined before the first snapshot, and always for a `signal`. */
  position: Since | undefined;
  kind: TopicKind | undefined;
  revision = 0;
  asOf = 0;
  freshness: Freshness = { state: 'quiet', asOf: 0 };
  lost = 0;
  /** How often the run of publications broke and could not be recovered: what was in between was never shown. */
  breaks = 0;
  refused: Refusal | undefined;
  presence: Presence | undefined;
  #fold: Fold | undefined;
  #keyField = '';
  #keep = DEFAULT_KEEP;
  #present = false;

  constructor(topic: string) {
    this.topic = topic;
  }

  /** Points of a `series` that were left out: their time lay more than a minute ahead of the server's clock. */
  get leftOut(): number {
    return this.#fold?.leftOut ?? 0;
  }

  value(): ReplicaValue {
    return this.#present ? this.#fold?.value() : undefined;
  }

  /** Keeps this many entries or points from now on. */
  keep(counts: KeepCounts): void {
    this.#keep = counts;
    if (this.kind !== undefined) this.#fold?.keep(this.#keepCount(this.kind));
  }

  #keepCount(kind: TopicKind): number {
    return kind === 'series' ? this.#keep.series : this.#keep.log;
  }

  /**
   * The server accepted the subscription.
   *
   * @returns whether what is held stays; it does not when the topic has turned into something else
   */
  accept({ kind, freshness, keyField = 'id', presence }: Accepted): boolean {
    this.refused = undefined;
    this.freshness = freshness;
    this.presence = presence;
    if (kind === this.kind && keyField === this.#keyField) return true;
    this.clear();
    this.#fold = createFold(kind, this.#keepCount(kind), keyField);
    this.kind = kind;
    this.#keyField = keyField;
    return false;
  }

  /**
   * Takes in a push that carries data.
   *
   * @returns false when it is not of the kind's shape, and then nothing was changed
   */
  apply(push: PushFrame, reset: boolean, serverNow: number): boolean {
    const { at } = push;
    // `at` is never later than the server's now. Where it is later than what we take for that, this machine has slept.
    const latest = Math.max(serverNow, typeof at === 'number' ? at : 0) + AHEAD_MS;
    if (this.#fold === undefined || !this.#fold.apply(push, reset, latest)) return false;
    this.#present = true;
    this.revision += 1;
    this.heard(at, serverNow);
    return true;
  }

  /** Something was published, whether or not it changed what is held here. */
  heard(at: unknown, serverNow: number): void {
    if (typeof at !== 'number') return;
    this.asOf = at;
    const { state, expectEveryMs } = this.freshness;
    // `failed` is for the server to take back, and `quiet` has no cadence to go by.
    const aged = state === 'late' || state === 'stale' ? freshnessOfAge(serverNow - at, expectEveryMs) : state;
    this.freshness = { ...this.freshness, asOf: at, state: aged };
  }

  /** Takes in who follows the topic, in full or as a change. What makes no sense changes nothing. */
  attend({ who, join, leave, count }: PushFrame): void {
    const came = membersOf(join) ?? [];
    const moved = new Set([...came, ...(membersOf(leave) ?? [])].map(({ session }) => session));
    const stayed = this.presence?.members?.filter(({ session }) => !moved.has(session));
    this.presence = presenceOf(who ?? { count, members: stayed && [...stayed, ...came] }) ?? this.presence;
  }

  /** What is held, if anything, is void, and nothing takes its place. */
  clear(): void {
    this.asOf = 0;
    if (!this.#present) return;
    this.#fold?.clear();
    this.#present = false;
    this.revision += 1;
  }

  /** As `clear`, and the topic may turn out to be of any kind. */
  forget(): void {
    this.clear();
    this.#fold = undefined;
    this.kind = undefined;
  }
}
