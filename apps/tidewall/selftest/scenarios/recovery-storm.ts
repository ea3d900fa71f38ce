import type { JsonValue } from '@tidewall/base';
import type { Client } from '@tidewall/client';
import { sameJson } from '../same-json.ts';
import type { Scenario } from '../scenario.ts';

interface Follower {
  readonly name: string;
  readonly client: Client;
  readonly cut: () => void;
  readonly entries: JsonValue[];
}

export const recoveryStorm: Scenario = {
  name: 'recovery-storm',
  says: 'when all links break at once, nothing is lost or doubled',

  async run(bench) {
    const topic = bench.topic('log');
    const rounds = bench.sized(3);
    const followers: Follower[] = [];
    for (const wire of bench.wires) {
      for (let i = 0; i < bench.share(60, 2); i++) {
        const { client, cut } = bench.sdk(wire);
        const follower = { name: `client ${i} over ${wire.name}`, client, cut, entries: [] as JsonValue[] };
        client.watch(topic, { kind: 'log' }, ({ d, r }) => {
          if (r === 1) bench.report(`${follower.name} had to start anew`);
          else if (d !== undefined) follower.entries.push(d);
        });
        followers.push(follower);
      }
    }
    await bench.until('all clients follow the log', async () => {
      return (await bench.api.metric('tidewall_sessions')) >= followers.length && followers.every(isLive);
    });
    let published = 0;
    const publish = async (most: number) => {
      const count = bench.random.between(1, most);
      await bench.api.publishMany(
        Array.from({ length: count }, () => ({ topic, kind: 'log', data: published++ }) as const),
      );
    };
    await publish(20);
    await caughtUp();

    async function caughtUp(): Promise<void> {
      const behind = () => followers.filter(({ entries }) => entries.length < published);
      await bench.until(
        () => `every client has all ${published} entries; ${behind().length} have not`,
        () => behind().length === 0,
      );
    }

    for (let round = 0; round < rounds; round++) {
      for (const { cut } of followers) cut();
      // What is published meanwhile is what there is to recover; some are back early, in the middle of it.
      const back = followers.map(async ({ client }) => {
        await bench.wait(bench.random.between(0, 60));
        client.online();
      });
      for (let i = 0; i < 20; i++) await publish(8);
      await Promise.all(back);
      await publish(8);
      await caughtUp();
    }

    const expected = Array.from({ length: published }, (_, i) => i);
    for (const { name, client, entries } of followers) {
      bench.holds(
        sameJson(entries, expected),
        `${name} has ${entries.length} entries, not 0 to ${published - 1} once each`,
      );
      bench.holds(
        client.counts.reconnects >= rounds,
        `${name} came back ${client.counts.reconnects} times, not ${rounds}`,
      );
    }
    return `${followers.length} clients, cut ${rounds} times, ${published} entries each`;
  },
};

function isLive({ client }: Follower): boolean {
  return client.status.type === 'live';
}
