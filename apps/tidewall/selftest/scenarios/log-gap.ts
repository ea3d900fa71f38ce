import { Follower } from '../follower.ts';
import { sameJson } from '../same-json.ts';
import type { Scenario } from '../scenario.ts';

export const logGap: Scenario = {
  name: 'log-gap',
  says: 'a log tells exactly what a follower that was away too long has missed',

  async run(bench) {
    const kept = 20;
    await bench.settle(bench.topic('#'), { kind: 'log', keep: { count: kept } });
    const topic = bench.topic('log');
    let published = 0;
    const publish = (count: number) =>
      bench.api.publishMany(Array.from({ length: count }, () => ({ topic, data: ++published })));
    await publish(5);

    let told = 0;
    for (const wire of bench.wires) {
      for (let i = 0; i < bench.share(10, 2); i++) {
        const before = published;
        const seen = new Follower(topic, bench.report);
        const first = await bench.connect(wire);
        await seen.start(first);
        await publish(bench.random.between(1, 5));
        await bench.until('the follower is up to date', () => seen.offset === published);
        first.link.cut();

        const away = published;
        // Each other one is back in time.
        await publish(i % 2 === 0 ? kept + bench.random.between(1, 2 * kept) : bench.random.between(1, kept));
        const again = new Follower(topic, bench.report);
        const since = { epoch: seen.epoch, offset: away };
        const reply = await again.start(await bench.connect(wire), { since });
        await bench.until(
          () => `the follower that came back is at ${published}; it is at ${again.offset}`,
          () => again.offset === published,
        );

        const firstKept = Math.max(away, published - kept) + 1;
        const missed = firstKept - 1 - away;
        const gaps = missed > 0 ? [{ from: away + 1, to: firstKept - 1 }] : [];
        bench.holds(
          sameJson(again.gaps as never, gaps),
          `of ${away + 1} to ${published}, of which ${kept} are kept, it was told ${JSON.stringify(again.gaps)} in place of ${JSON.stringify(gaps)}`,
        );
        bench.holds(
          sameJson(
            [...again.entries],
            Array.from({ length: published - firstKept + 1 }, (_, k) => firstKept + k),
          ),
          `after the gap came ${JSON.stringify(again.entries)}`,
        );
        bench.holds(reply['recovered'] === (missed === 0), `recovered is ${reply['recovered']} with ${missed} missed`);
        bench.holds(seen.entries.length === published - before - (published - away), 'an entry was missed before');
        told += missed;
      }
    }
    return `${published} entries, ${kept} kept, ${told} missed and told`;
  },
};
