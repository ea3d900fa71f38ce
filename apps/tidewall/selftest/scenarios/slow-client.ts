import type { Publication } from '../api.ts';
import { Follower } from '../follower.ts';
import type { Scenario } from '../scenario.ts';
import type { WireClient } from '../wire-client.ts';

/** Large, so that what the machine's own buffers hold is full soon. */
const TEXT = 'x'.repeat(64 * 1024);
/** So many are more than any machine's buffers hold. */
const MOST = 1000;

export const slowClient: Scenario = {
  name: 'slow-client',
  says: 'one that does not read falls behind alone, and skips to the newest when it reads again',

  async run(bench) {
    const topic = bench.topic('large');
    const publication = (i: number): Publication => ({ topic, kind: 'state', data: { i, text: TEXT } });
    await bench.api.publish(publication(0));
    const follow = async (client: WireClient) => {
      const follower = new Follower(topic, bench.report);
      await follower.start(client);
      return { client, follower };
    };
    const healthy: Follower[] = [];
    const slow: { readonly client: WireClient; readonly follower: Follower }[] = [];
    for (const wire of bench.wires) {
      for (let i = 0; i < 4; i++) healthy.push((await follow(await bench.connect(wire))).follower);
      for (let i = 0; i < 2; i++) slow.push(await follow(await bench.connect(wire)));
    }
    const all = [...healthy, ...slow.map(({ follower }) => follower)];
    await bench.until('everybody has begun', () => all.every(({ pushes }) => pushes > 0));

    for (const { client } of slow) client.link.pause();
    const most = bench.sized(MOST);
    let published = 0;
    const caughtUp = () =>
      bench.until(
        () =>
          `those that read have all ${published + 1}, while others stall; they are at ${healthy.map((each) => each.offset)}`,
        () => healthy.every((follower) => follower.offset === published + 1),
      );
    for (let left = bench.sized(40, 10); left > 0; ) {
      await bench.api.publish(publication(++published));
      bench.holds(published < most, `${most} publications of 64 KiB found room for clients that read nothing`);
      // One that reads may be behind for a moment; it must not be taken for one that stalls.
      await caughtUp();
      if ((await bench.api.metric('tidewall_sessions_stalled')) >= slow.length) left--;
    }
    const offset = published + 1;
    for (const { publications } of healthy) {
      bench.holds(publications >= published, `pushes stand for ${publications} of ${published} publications`);
    }

    for (const { client } of slow) client.link.resume();
    await bench.until(
      () => `those that stalled are at ${offset} too; they are at ${slow.map(({ follower }) => follower.offset)}`,
      () => slow.every(({ follower }) => follower.offset === offset),
    );
    for (const { follower } of slow) {
      bench.holds(
        follower.pushes < published,
        `${follower.pushes} pushes came for ${published} publications: none was skipped`,
      );
    }
    await bench.until(
      'nobody stalls any more',
      async () => (await bench.api.metric('tidewall_sessions_stalled')) === 0,
    );
    const skipped = slow.map(({ follower }) => published + 1 - follower.pushes).join(' and ');
    return `${healthy.length} readers got ${published} × 64 KiB each, ${slow.length} that stalled skipped ${skipped}`;
  },
};
