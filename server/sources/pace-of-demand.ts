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

  set(topic: TopicName, demand: Demand): void {
    const before = [this.fastestMs, this.unpaced];
    if (demand.watched) this.#demands.set(topic, demand);
    else this.#demands.delete(topic);
    if (before[0] === this.fastestMs && before[1] === this.unpaced) return;
    for (const changed of [...this.#listeners]) changed();
  }

  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }
}
