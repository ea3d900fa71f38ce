import type { Clock, JsonValue } from '@tidewall/base';
import type { Limits, Operation, TopicName } from '@tidewall/protocol';
import type { z } from 'zod';
import type { FeedSettings } from './hub-port.ts';
import type { Log } from './operations.ts';

/** A topic that a source feeds. What is left out has the hub's default. */
export interface SourceTopic extends FeedSettings {
  readonly topic: TopicName;
}

/** Where a source puts what it has. */
export interface Sink {
  /**
   * Resolves when the hub has it; a source awaits it before it reads on, so that a fast origin cannot fill memory.
   *
   * @param topic one of the source's own topics
   * @param at when the origin saw it, ms since 1970; now when absent
   */
  publish(topic: TopicName, op: Operation, data: JsonValue, at?: number): Promise<void>;
  /** It works, but there is nothing new. */
  healthy(): void;
  /** One row or line was refused; the rest goes on. Counted, and shown as the source's last refusal. */
  refused(reason: string): void;
}

export interface SourceContext {
  /** The source's name in the configuration; topics start with it unless the configuration names them. */
  readonly name: string;
  /** Relative paths in a configuration start here. */
  readonly baseDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The hub's limits: what is larger than a publication may be goes out in pieces. */
  readonly limits: Limits;
}

/** One configured source. */
export interface Source {
  readonly topics: readonly SourceTopic[];
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
  /** Names of the fields whose values no sentence may repeat: they must never be shown, logged or sent. */
  readonly secrets: readonly string[];
  /** Opens nothing: that is for `run`. */
  create(config: Config, context: SourceContext): Source;
}
