import { Follower } from '../follower.ts';
import { sameJson } from '../same-json.ts';
import type { Scenario } from '../scenario.ts';

const RATE_HZ = 10;
const SLOW_HZ = 2;
/** In a span of time there is one push more than periods; and one for the clock of the server. */
const MARGIN = 2;

export const rate: Scenario = {
  name: 'rate',
  says: 'nobody is sent more than the rate they asked for, and everybody what was published last',

  async run(bench) {
    const topic = bench.topic('fast');
    await bench.api.publish({ topic, kind: 'state', data: { i: 0 } });
    const followers: {
      readonly follower: Follower;
      readonly hz: number;
      readonly configure: (hz: number) => Promise<void>;
    }[] = [];
    for (const wire of bench.wires) {
      for (let i = 0; i < bench.share(10, 2); i++) {
        for (const hz of [RATE_HZ, SLOW_HZ]) {
          const client = await bench.connect(wire);
          const follower = new Follower(topic, bench.report);
          await follower.start(client, { rateHz: hz });
          followers.push({ follower, hz, configure: (to) => follower.configure(client, { rateHz: to }) });
        }
      }
    }
    await bench.until('every follower has begun', () => followers.every(({ follower }) => follower.pushes > 0));

    let published = 0;
    const publishFor = async (ms: number) => {
      const began = performance.now();
      while (performance.now() - began < ms) {
        await bench.api.publish({ topic, data: { i: ++published } });
        await bench.wait(2);
      }
    };
    const caughtUp = async () => {
      const { offset, data } = await bench.api.snapshot(topic);
      await bench.until(
        () => `everybody is at ${offset}: ${followers.map(({ follower }) => follower.offset).join(', ')}`,
        () => followers.every(({ follower }) => follower.offset === offset),
      );
      for (const { follower } of followers)
        bench.holds(sameJson(follower.value, data), 'the last value is another one');
    };
    const phase = async (name: string, ms: number, hzOf: (hz: number) => number) => {
      const began = performance.now();
      const before = published;
      const from = followers.map(({ follower }) => follower.pushes);
      await publishFor(ms);
      await caughtUp();
      for (const [i, { follower, hz }] of followers.entries()) {
        const arrivals = follower.arrivals.slice(from[i]);
        // From before the first could be sent: what a busy machine delivers late must not look like too much.
        const seconds = ((arrivals.at(-1) ?? began) - began) / 1000;
        const said = `${name}, at ${hzOf(hz)} Hz, ${arrivals.length} pushes came in ${seconds.toFixed(2)} s`;
        bench.holds(arrivals.length <= seconds * hzOf(hz) + MARGIN, `${said}: too many`);
        bench.holds(arrivals.length >= Math.min(2, published - before), `${said}: too few`);
      }
    };

    await phase('first', bench.sized(1500, 700), (hz) => hz);
    // A page that is shown again wants more, one that is hidden less.
    const swapped = (hz: number) => (hz === RATE_HZ ? SLOW_HZ : RATE_HZ);
    for (const { hz, configure } of followers) await configure(swapped(hz));
    await phase('configured', bench.sized(1000, 700), swapped);

    const pushes = followers.reduce((sum, { follower }) => sum + follower.pushes, 0);
    return `${followers.length} followers at ${RATE_HZ} and ${SLOW_HZ} Hz, ${published} publications, ${pushes} pushes`;
  },
};
