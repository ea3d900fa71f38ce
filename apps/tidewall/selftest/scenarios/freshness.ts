import { Follower } from '../follower.ts';
import type { Scenario } from '../scenario.ts';

const EVERY_MS = 300;
const LATE_AFTER_MS = 2 * EVERY_MS;
const STALE_AFTER_MS = 5 * EVERY_MS;
/** How soon the hub notices, and a busy machine tells. */
const SLACK_MS = 10_000;

export const freshness: Scenario = {
  name: 'freshness',
  says: 'a topic that falls silent is told late and stale in time, and ok when it is back',

  async run(bench) {
    await bench.settle(bench.topic('#'), { kind: 'state', expectEveryMs: EVERY_MS });
    const topic = bench.topic('beat');
    await bench.api.publish({ topic, data: 0 });
    const followers: Follower[] = [];
    for (const wire of bench.wires) {
      for (let i = 0; i < bench.share(10, 2); i++) {
        const follower = new Follower(topic, bench.report);
        await follower.start(await bench.connect(wire));
        followers.push(follower);
      }
    }
    const silentFrom = performance.now();
    await bench.api.publish({ topic, data: 1 });
    await bench.until('everybody has the last beat', () => followers.every(({ offset }) => offset === 2));
    const { asOf } = (await bench.api.snapshot(topic)).freshness;
    // What is told of an earlier beat does not count: the machine may have been slow before.
    const told = (follower: Follower, state: string) =>
      follower.told.find(({ freshness: each }) => each.state === state && each.asOf >= asOf);
    await bench.until(
      () =>
        `everybody is told that it is stale; one knows ${JSON.stringify(followers.map(({ told: all }) => all.at(-1)?.freshness.state))}`,
      () => followers.every((follower) => told(follower, 'stale') !== undefined),
    );
    for (const follower of followers) {
      const late = told(follower, 'late');
      const stale = told(follower, 'stale');
      bench.holds(late !== undefined, 'stale was told, and late was not');
      const lateMs = (late?.atMs ?? 0) - silentFrom;
      const staleMs = (stale?.atMs ?? 0) - silentFrom;
      bench.holds(lateMs <= staleMs, 'stale was told before late');
      const said = `late after ${lateMs.toFixed(0)} ms and stale after ${staleMs.toFixed(0)} ms, with a beat each ${EVERY_MS} ms`;
      bench.holds(lateMs >= LATE_AFTER_MS && staleMs >= STALE_AFTER_MS, `${said}: too soon`);
      bench.holds(lateMs <= LATE_AFTER_MS + SLACK_MS && staleMs <= STALE_AFTER_MS + SLACK_MS, `${said}: too late`);
    }
    const snapshot = await bench.api.snapshot(topic);
    bench.holds(snapshot.freshness.state === 'stale', `the snapshot says ${snapshot.freshness.state}, not stale`);

    const backAt = performance.now();
    await bench.api.publish({ topic, data: 2 });
    await bench.until('everybody is told that it is ok again', () =>
      followers.every((follower) => follower.told.some((each) => each.freshness.state === 'ok' && each.atMs >= backAt)),
    );
    return `${followers.length} followers, late after ${LATE_AFTER_MS} ms, stale after ${STALE_AFTER_MS} ms, then ok`;
  },
};
