import type { Bench } from '../bench.ts';
import type { Scenario } from '../scenario.ts';

/**
 * Resources of a process that sessions could leave behind; others come and go with HTTP and the clock. Sockets are counted by the
 * gateways: those that HTTP keeps for the next request are nobody's.
 */
const HANDLES = new Set(['PipeWrap', 'FSReqCallback', 'MessagePort']);

export const leaks: Scenario = {
  name: 'leaks',
  says: 'when everybody has left, the server is as it was before they came',

  async run(bench) {
    await bench.until('all that other scenarios left is gone', async () => (await sessions(bench)) === 0);
    const before = await levels(bench);
    const rounds = bench.sized(4);
    const perRound = bench.share(40, 4);
    let came = 0;
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        bench.wires.flatMap((wire) =>
          Array.from({ length: perRound }, async (_, i) => {
            came++;
            const client = await bench.connect(wire);
            await client.command('subscribe', { topic: bench.topic(`shared/${i % 3}`) });
            await client.command('subscribe', { topic: bench.topic(`own/${round}/${i}`), rateHz: 5, delta: true });
            await client.command('subscribe', { topic: bench.topic('+/0'), presence: true });
            const way = bench.random.between(0, 3);
            if (way === 0) client.link.close();
            else if (way === 1) client.link.cut();
            else if (way === 2) {
              // Gone in the middle of a command.
              void client.command('subscribe', { topic: bench.topic('late') }).catch(() => {});
              client.link.cut();
            } else {
              client.link.pause();
              client.link.cut();
            }
          }),
        ),
      );
      await bench.api.publish({ topic: bench.topic(`shared/${round % 3}`), data: round });
    }
    let left = came;
    await bench.until(
      () => `nobody is left of ${came} sessions; ${left} are`,
      async () => {
        left = await sessions(bench);
        return left === 0;
      },
    );
    for (const topic of await bench.api.topics()) {
      if (topic.startsWith(bench.topic('shared/'))) await bench.api.remove(topic);
    }
    let now = await levels(bench);
    await bench.until(
      () => `all is as it was: ${JSON.stringify(now)} in place of ${JSON.stringify(before)}`,
      async () => {
        now = await levels(bench);
        return Object.entries(before).every(([name, level]) => (now[name] ?? 0) <= level);
      },
    );
    return `${came} sessions came and went, ${Object.entries(now)
      .map(([name, level]) => `${name} ${level}`)
      .join(', ')}`;
  },
};

function sessions(bench: Bench): Promise<number> {
  return bench.api.metric('tidewall_sessions');
}

async function levels(bench: Bench): Promise<Record<string, number>> {
  const handles = process.getActiveResourcesInfo().filter((kind) => HANDLES.has(kind)).length;
  return {
    sessions: await sessions(bench),
    connections: await bench.api.metric('tidewall_gateway_connections'),
    stalled: await bench.api.metric('tidewall_sessions_stalled'),
    cohorts: await bench.api.metric('tidewall_cohorts'),
    topics: await bench.api.metric('tidewall_topics'),
    handles,
  };
}
