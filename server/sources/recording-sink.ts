import type { JsonValue } from '@tidewall/base';
import type { Sink } from '@tidewall/contracts';
import type { Operation, TopicName } from '@tidewall/protocol';

export interface RecordedPublication {
  readonly topic: TopicName;
  readonly op: Operation;
  readonly data: JsonValue;
  readonly at: number | undefined;
}

/** A sink that keeps what it is given, and can be told to take its time. Tests only. */
export class RecordingSink implements Sink {
  readonly publications: RecordedPublication[] = [];
  readonly refusals: string[] = [];
  /** What was given as all that there is now. */
  readonly results: { readonly topic: TopicName; readonly data: JsonValue }[] = [];
  readonly cadences: number[] = [];
  healthyCalls = 0;
  /** The most publications that were under way at once. */
  mostAtOnce = 0;
  #atOnce = 0;
  #held: (() => void)[] | undefined;

  /** Publications are taken, but not acknowledged, until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const acknowledge of held) acknowledge();
  }

  async publish(topic: TopicName, op: Operation, data: JsonValue, at?: number): Promise<void> {
    this.publications.push({ topic, op, data, at });
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    await new Promise<void>((resolve) => {
      if (this.#held) this.#held.push(resolve);
      else resolve();
    });
    this.#atOnce -= 1;
  }

  /** Kept as a publication whose operation is `replace`, or what its kind has in its place. */
  async result(topic: TopicName, data: JsonValue, at?: number): Promise<void> {
    this.results.push({ topic, data });
    await this.publish(topic, 'replace', data, at);
  }

  expect(everyMs: number): void {
    this.cadences.push(everyMs);
  }

  healthy(): void {
    this.healthyCalls += 1;
  }

  refused(reason: string): void {
    this.refusals.push(reason);
  }

  /** What was published to a topic, oldest first. */
  of(topic: string): RecordedPublication[] {
    return this.publications.filter((publication) => publication.topic === topic);
  }
}
