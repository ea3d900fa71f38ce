import type { Demand, Pace } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';

/** The pace that the viewers of all topics of a source want together. */
export class PaceOfDemand implements Pace {
  readonly #demands = new Map<TopicName, Demand>();
  readonly #listeners = new Set<() => void>();

  get fastestMs(): number | undefined {
    const wanted = [...this.#demands.values()].flatMap(({ fastestMs }) => fastestMs ?? []);
    return wanted.length === 0 ? undefined : Math.min(...wanted);
  }

  get unpaced(): boolean {
    return [...this.#demands.values()].some(({ unpaced }) => unpaced);
  }

  isWatched(topic: TopicName): boolean {
    return this.#demands.has(topic);
  }

  set(topic: TopicName, demand: Demand): void {
    const before = [this.fastestMs, this.unpaced, this.isWatched(topic)];
    if (demand.watched) this.#demands.set(topic, demand);
    else this.#demands.delete(topic);
    const after = [this.fastestMs, this.unpaced, this.isWatched(topic)];
    if (before.every((each, index) => each === after[index])) return;
    for (const changed of [...this.#listeners]) changed();
  }

  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }
}
