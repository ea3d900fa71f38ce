import type { JsonValue } from '@tidewall/base';
import type { Publication } from '../api.ts';
import type { Bench } from '../bench.ts';
import { Follower } from '../follower.ts';
import { sameJson } from '../same-json.ts';
import type { Scenario } from '../scenario.ts';

const KINDS = ['log', 'state', 'table', 'series'] as const;

export const fanOut: Scenario = {
  name: 'fan-out',
  says: 'each publication reaches every follower once, in order',

  async run(bench) {
    const count = bench.sized(300);
    const publications = Array.from({ length: count }, (_, i) => KINDS.map((kind) => publicationOf(bench, kind, i)));
    // Topics become what their first publication says: those must be there before anybody follows.
    await bench.api.publishMany(publications[0] as Publication[]);

    const followers: Follower[] = [];
    const logs: {
      readonly name: string;
      readonly entries: JsonValue[];
      readonly counts: { readonly resyncs: number };
    }[] = [];
    for (const wire of bench.wires) {
      for (let i = 0; i < bench.share(50, 2); i++) {
        const client = await bench.connect(wire);
        for (const kind of KINDS) {
          const follower = new Follower(bench.topic(kind), bench.report);
          await follower.start(client, kind === 'log' ? { rewind: { count: 1 } } : {});
          followers.push(follower);
        }
      }
      for (let i = 0; i < bench.share(10, 1); i++) {
        const { client } = bench.sdk(wire);
        const entries: JsonValue[] = [];
        client.watch(bench.topic('log'), { rewindCount: 1 }, ({ d, r }) => {
          if (d !== undefined) entries.push(...(r === 1 ? (d as JsonValue[]) : [d]));
        });
        logs.push({ name: `SDK client ${i} over ${wire.name}`, entries, counts: client.counts });
      }
    }
    await bench.until('every SDK client has begun', () => logs.every(({ entries }) => entries.length === 1));

    await publishAll(bench, publications.slice(1).flat());
    const offset = count;
    await bench.until(
      () => `all followers are at ${offset}: ${behind(followers, offset)}`,
      () =>
        followers.every((follower) => follower.offset === offset) && logs.every((log) => log.entries.length >= count),
    );

    const expected = new Map<string, JsonValue>();
    for (const kind of KINDS) {
      const topic = bench.topic(kind);
      const { data } = await bench.api.snapshot(topic);
      // A log keeps only its newest entries; what was published is known here.
      expected.set(topic, kind === 'log' ? Array.from({ length: count }, (_, i) => i) : data);
    }
    for (const { topic, value, publications: seen } of followers) {
      bench.holds(sameJson(value, expected.get(topic) as JsonValue), `${topic}: a follower holds something else`);
      bench.holds(seen >= count - 1 && seen <= count, `${topic}: pushes stand for ${seen} publications, not ${count}`);
    }
    for (const { name, entries, counts } of logs) {
      bench.holds(sameJson(entries, expected.get(bench.topic('log')) as JsonValue), `${name} has other entries`);
      bench.holds(counts.resyncs === 0, `${name} had to ask again ${counts.resyncs} times`);
    }
    const deliveries = followers.reduce((sum, each) => sum + each.publications, 0) + logs.length * count;
    return `${followers.length + logs.length} followers, ${count * KINDS.length} publications, ${deliveries} deliveries`;
  },
};

function publicationOf(bench: Bench, kind: (typeof KINDS)[number], i: number): Publication {
  const data = {
    log: () => i,
    state: () => ({ i, text: '浪'.repeat(i % 7) }),
    table: () => [{ id: bench.random.between(1, 20), i }],
    series: () => ({ t: 1_700_000_000_000 + i, v: i % 5 === 0 ? null : i }),
  }[kind]();
  return { topic: bench.topic(kind), kind, data };
}

/** In pieces of any size, by each of the ways in, one after another. */
async function publishAll(bench: Bench, publications: readonly Publication[]): Promise<void> {
  const publishers = await Promise.all(bench.wires.map((wire) => bench.connect(wire)));
  const ways: readonly ((piece: readonly Publication[]) => Promise<void>)[] = [
    (piece) => bench.api.publishMany(piece),
    async (piece) => {
      for (const publication of piece.slice(0, 5)) await bench.api.publish(publication);
      if (piece.length > 5) await bench.api.publishMany(piece.slice(5));
    },
    ...publishers.map((publisher) => (piece: readonly Publication[]) => publisher.publishTogether(piece)),
  ];
  for (let from = 0; from < publications.length; ) {
    const piece = publications.slice(from, from + bench.random.between(1, 60));
    from += piece.length;
    await bench.random.pick(ways)(piece);
  }
}

function behind(followers: readonly Follower[], offset: number): string {
  const late = followers.filter((follower) => follower.offset < offset);
  return `${late.length} of ${followers.length} are behind, one of ${late[0]?.topic} at ${late[0]?.offset}`;
}
