import type { JsonObject, JsonValue } from '@tidewall/base';
import type { Publication } from '../api.ts';
import type { Bench } from '../bench.ts';
import { Follower, type FollowerOptions } from '../follower.ts';
import { sameJson } from '../same-json.ts';
import type { Scenario } from '../scenario.ts';

/** Everybody must agree so many times on the way. */
const PARTS = 4;
const SINGLE_STEPS = 4;
/** Longer than the server waits to write things together. */
const STEP_MS = 15;
const RATES: readonly FollowerOptions[] = [{}, { rateHz: 200 }, { rateHz: 20 }, { rateHz: 5 }];

export const convergence: Scenario = {
  name: 'convergence',
  says: 'merged values and tables end up the same, at whatever rate they are followed',

  async run(bench) {
    const value = new ValueModel(bench);
    const table = new TableModel(bench);
    await bench.api.publishMany([value.replace(), table.upsert()]);

    const followers: Follower[] = [];
    for (const wire of bench.wires) {
      for (const options of RATES) {
        for (let i = 0; i < bench.share(4); i++) {
          const client = await bench.connect(wire);
          for (const topic of [value.topic, table.topic]) {
            const follower = new Follower(topic, bench.report);
            await follower.start(client, options);
            followers.push(follower);
          }
        }
      }
    }

    const part = bench.sized(150, 40);
    for (let i = 0; i < PARTS; i++) {
      await publishSome(bench, [value, table], part);
      // Whole values heal what changes got wrong: at the end of each part there are only changes, each by itself.
      for (let step = 0; step < SINGLE_STEPS; step++) {
        await bench.api.publishMany([value.merge(), table.remove()]);
        await bench.wait(STEP_MS);
      }
      await converged(bench, value.topic, value.value, followers);
      await converged(bench, table.topic, table.rows, followers);
    }
    const pushes = followers.reduce((sum, follower) => sum + follower.pushes, 0);
    return `${followers.length} followers at ${RATES.length} rates, ${PARTS * (part + 2 * SINGLE_STEPS)} changes, ${pushes} pushes`;
  },
};

/** In small pieces, so that changes travel by themselves, and now and then a burst, so that they are folded. */
async function publishSome(bench: Bench, models: readonly (ValueModel | TableModel)[], count: number): Promise<void> {
  for (let done = 0; done < count; ) {
    const most = bench.random.next() < 0.1 ? 40 : 3;
    const size = Math.min(count - done, bench.random.between(1, most));
    done += size;
    await bench.api.publishMany(Array.from({ length: size }, () => bench.random.pick(models).next()));
    if (bench.random.next() < 0.3) await bench.wait(bench.random.between(0, 15));
  }
}

async function converged(
  bench: Bench,
  topic: string,
  expected: JsonValue,
  followers: readonly Follower[],
): Promise<void> {
  const { offset, data } = await bench.api.snapshot(topic);
  bench.holds(sameJson(data, expected), `${topic}: the server holds something else than was published`);
  const own = followers.filter((follower) => follower.topic === topic);
  await bench.until(
    () => `${topic}: everybody is at ${offset}; they are at ${own.map((follower) => follower.offset).join(', ')}`,
    () => own.every((follower) => follower.offset === offset),
  );
  for (const { value } of own) bench.holds(sameJson(value, expected), `${topic}: a follower holds something else`);
}

/** What merging must come to, by RFC 7396. */
class ValueModel {
  readonly topic: string;
  readonly #bench: Bench;
  value: JsonValue = null;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.topic = bench.topic('value');
  }

  next(): Publication {
    return this.#bench.random.next() < 0.03 ? this.replace() : this.merge();
  }

  replace(): Publication {
    this.value = this.#object(3);
    return { topic: this.topic, kind: 'state', data: this.value };
  }

  merge(): Publication {
    const patch = this.#object(2);
    this.value = merged(this.value, patch);
    return { topic: this.topic, op: 'merge', data: patch };
  }

  #object(depth: number): JsonObject {
    const { random } = this.#bench;
    const entries = Array.from({ length: random.between(1, 4) }, () => {
      const name = random.pick(['a', 'b', 'c', 'd', '字', '__proto__']);
      const kind = depth > 0 ? random.between(0, 4) : random.between(0, 3);
      return [
        name,
        [null, random.between(0, 99), `t${random.between(0, 9)}`, [1, null], null][kind] ?? null,
        kind,
      ] as const;
    });
    return Object.fromEntries(
      entries.map(([name, value, kind]) => [name, kind === 4 ? this.#object(depth - 1) : value]),
    );
  }
}

function merged(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const whole = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const members = new Map(Object.entries(whole));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, merged(members.get(name), value));
  }
  return Object.fromEntries(members);
}

/** What a table must come to: rows in the order in which their keys came. */
class TableModel {
  readonly topic: string;
  readonly #bench: Bench;
  readonly #rows = new Map<string, JsonObject>();
  #version = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.topic = bench.topic('table');
  }

  get rows(): JsonValue {
    return [...this.#rows.values()];
  }

  next(): Publication {
    const chance = this.#bench.random.next();
    if (chance < 0.02) return this.#replace();
    return chance < 0.3 ? this.remove() : this.upsert();
  }

  upsert(): Publication {
    const data = this.#some((key) => ({ id: key, v: ++this.#version }));
    for (const row of data) this.#rows.set(row.id, row);
    return { topic: this.topic, kind: 'table', data };
  }

  remove(): Publication {
    const data = this.#some((key) => key);
    for (const key of data) this.#rows.delete(key);
    return { topic: this.topic, op: 'remove', data };
  }

  #replace(): Publication {
    const data = this.#some((key) => ({ id: key, v: ++this.#version }));
    this.#rows.clear();
    for (const row of data) this.#rows.set(row.id, row);
    return { topic: this.topic, op: 'replace', data };
  }

  /** Something for each of some keys; each key once. */
  #some<T>(make: (key: string) => T): T[] {
    const { random } = this.#bench;
    const keys = new Set(Array.from({ length: random.between(1, 5) }, () => `k${random.between(1, 30)}`));
    return [...keys].map(make);
  }
}
