import type { Clock, JsonObject, JsonValue } from '@tidewall/base';
import type { Limits, Operation, ParameterValue, TopicName, TopicPattern } from '@tidewall/protocol';
import type { z } from 'zod';
import type { FeedSettings } from './hub-port.ts';
import type { Log } from './operations.ts';
import type { Outgoing } from './outgoing.ts';

/** A topic that a source feeds. What is left out has the hub's default. */
export interface SourceTopic extends FeedSettings {
  readonly topic: TopicName;
}

/**
 * Topics of a source whose names it learns from its far end: all that match a pattern. It runs while one of them is watched,
 * and each of them is the source's from when it is watched, or something is published to it.
 */
export interface SourceFamily extends FeedSettings {
  readonly pattern: TopicPattern;
}

/** Where a source puts what it has. What it puts there goes through the source's transforms, once for all viewers. */
export interface Sink {
  /**
   * One thing that happened at the origin. Resolves when the hub has it; a source awaits it before it reads on, so that a
   * fast origin cannot fill memory.
   *
   * @param topic one of the source's own topics, or one of a family of it
   * @param at when the origin saw it, ms since 1970; now when absent
   */
  publish(topic: TopicName, op: Operation, data: JsonValue, at?: number): Promise<void>;
  /**
   * All that the origin has now: what differs from the last time is published, and when nothing does, only that it is
   * still so. By the kind of the topic: rows of a `table`, the value of a `state`, rows or columns of a `series` (with
   * `t` in ms), rows of a `log`, of which those that were not there before are entries.
   *
   * A row that has no key, or that of another one, is refused with its number; the others go on.
   *
   * @param place what a row is called when it is refused, by its index: `line 7`; `row 7` when absent, and for rows that
   *   transforms have made
   * @throws TidewallError source_error when none of the rows of a table has a key
   */
  result(topic: TopicName, data: JsonValue, at?: number, place?: (index: number) => string): Promise<void>;
  /** It works, but there is nothing new. */
  healthy(): void;
  /** News comes this often from now on: what is older is late. */
  expect(everyMs: number): void;
  /** One row or line was refused; the rest goes on. Counted, and shown as the source's last refusal. */
  refused(reason: string): void;
}

/** How often those who watch want to hear of a source. */
export interface Pace {
  /** The shortest time between two pushes that one of them has asked for, ms; undefined when none has asked for one. */
  readonly fastestMs: number | undefined;
  /** Whether one of them leaves it to the source. */
  readonly unpaced: boolean;
  /** Whether somebody watches one of the source's topics: others need not be brought. */
  isWatched(topic: TopicName): boolean;
  /** Calls `changed` whenever one of these changes. Returns what ends this. */
  onChange(changed: () => void): () => void;
}

export type { ParameterValue };

export interface SourceContext {
  /** The source's name in the configuration; topics start with it unless the configuration names them. */
  readonly name: string;
  /** Relative paths in a configuration start here; for files that are read there is `resolveFile`. */
  readonly baseDir: string;
  /**
   * Where a file that the configuration names is. A source that was made through the API may read none but those that
   * were uploaded, which are named without folders.
   *
   * @throws TidewallError bad_request when it may not be read
   */
  resolveFile(path: string): string;
  readonly clock: Clock;
  readonly log: Log;
  /** The hub's limits: what is larger than a publication may be goes out in pieces. */
  readonly limits: Limits;
  /** The only way to other machines: it knows where this source may go. */
  readonly outgoing: Outgoing;
  /** For those that ask again and again. */
  readonly pace: Pace;
  /** The values of its parameters, each of them; none for kinds that take none. */
  readonly params: Readonly<Record<string, ParameterValue>>;
  /**
   * Present and true when it runs for a moment, beside the same source that may run for viewers: it must not take what
   * only one can have, such as a client's id, nor leave anything behind at the far end.
   */
  readonly trial?: boolean;
  /**
   * Waits for a turn at work that takes a processor for itself, such as a program that is started for one answer: all
   * sources together have few at once, though a hundred combinations of parameters are watched.
   *
   * @returns what ends the turn. @throws the reason of `signal`, when that aborts before
   */
  heavyTurn(signal: AbortSignal): Promise<() => void>;
}

/** One configured source. */
export interface Source {
  readonly topics: readonly SourceTopic[];
  readonly families?: readonly SourceFamily[];
  /**
   * Brings data in until `signal` aborts, then resolves soon and publishes nothing more.
   *
   * Rejects when its far end dies, with a sentence for the people who look at the screen; the supervisor then starts
   * it again with back-off. Resolving before the abort means that there is nothing more to come.
   */
  run(sink: Sink, signal: AbortSignal): Promise<void>;
}

/** A kind of source: one folder, found by its name. */
export interface SourceDefinition<Config = unknown> {
  readonly kind: string;
  /** Checks the configuration, fills in the defaults, and says what is wrong by field. */
  readonly configSchema: z.ZodType<Config>;
  /**
   * Names of the fields whose values no sentence may repeat, at any depth: they are sealed at rest, and never shown,
   * logged or sent.
   */
  readonly secrets: readonly string[];
  /**
   * Names of the fields, at any depth, that say where it goes and how it knows whom it finds there. A secret that was sent to
   * one address is not sent to another one because somebody changes these: it has to be said again.
   */
  readonly addresses: readonly string[];
  /** Whether its queries may have parameters (`:name`), each combination of which is a topic of its own. */
  readonly takesParams?: boolean;
  /**
   * What it can do to the machine that it runs on, which makes it a matter of the configuration's file alone: `program`
   * starts programs, `file` reads files. Those of `file` may be made through the API for files that were uploaded.
   */
  readonly reaches?: 'program' | 'file';
  /** A configuration that works where the far end is as everybody has it: an example for people. */
  readonly example?: JsonObject;
  /**
   * What pages ask by themselves, where the configuration leaves it to them: told to everybody who sees a page, so that it
   * holds no secret. Undefined where the server asks.
   */
  pageRequest?(config: Config): JsonObject | undefined;
  /** Opens nothing: that is for `run`. */
  create(config: Config, context: SourceContext): Source;
}
