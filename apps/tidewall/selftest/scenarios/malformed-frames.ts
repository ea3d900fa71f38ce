import { type ErrorName, SUBPROTOCOL, TidewallError } from '@tidewall/protocol';
import type { Bench } from '../bench.ts';
import type { Scenario } from '../scenario.ts';
import type { Wire, WireLink } from '../wire.ts';
import type { WireClient } from '../wire-client.ts';

/** Commands that are refused by name, after which the connection goes on. */
const REFUSED: readonly (readonly [name: string, body: object, error: ErrorName])[] = [
  ['subscribe', {}, 'bad_request'],
  ['subscribe', { topic: 7 }, 'bad_request'],
  ['subscribe', { topic: 'a//b' }, 'bad_request'],
  ['subscribe', { topic: 'a/#/b' }, 'bad_request'],
  ['subscribe', { topic: 'a', since: { epoch: 'e', offset: -1 } }, 'bad_request'],
  ['subscribe', { topic: 'a', rateHz: 0 }, 'bad_request'],
  ['subscribe', { topic: 'a', filter: ['a', 'like', 'b'] }, 'bad_request'],
  ['subscribe', { topic: 'a', filter: nested(20) }, 'bad_request'],
  ['subscribe', { topic: 'a', rewind: {} }, 'bad_request'],
  ['unsubscribe', { topic: 4_000_000 }, 'not_subscribed'],
  ['configure', { topic: 4_000_000, rateHz: 1 }, 'not_subscribed'],
  ['publish', { topic: 'a' }, 'bad_request'],
  ['publish', { topic: 'a', op: 'add', data: 1 }, 'bad_request'],
  ['publish', { topic: 'a', op: 'append', data: 1 }, 'wrong_kind'],
  ['publish', { topic: 'a', data: 'x'.repeat(300_000) }, 'limit_exceeded'],
  ['history', { topic: 'nobody/publishes/here' }, 'unknown_topic'],
  ['presence', { topic: 'nobody/publishes/here' }, 'unknown_topic'],
  ['connect', { version: 1 }, 'bad_request'],
  ['constructor', {}, 'unknown_command'],
  ['__proto__', {}, 'unknown_command'],
];

/** Lines that end the connection. */
const FATAL: readonly (readonly [says: string, line: string, code: number])[] = [
  ['what is not JSON', 'nonsense', 4501],
  ['half of a command', '{"id":1,"connect":', 4501],
  ['brackets without end', '['.repeat(10_000), 4501],
  ['a frame beyond its limit', `"${'x'.repeat(1024 * 1024 + 1)}"`, 4501],
  ['another version of the wire', '{"id":1,"connect":{"version":99}}', 4506],
];

export const malformedFrames: Scenario = {
  name: 'malformed-frames',
  says: `what is no ${SUBPROTOCOL} is answered with its exact code, and harms nobody else`,

  async run(bench) {
    let checked = 0;
    for (const wire of bench.wires) {
      const witness = await bench.connect(wire);
      checked += await checkRefusals(bench, wire);
      checked += await checkEnds(bench, wire);
      await witness.command('publish', { topic: bench.topic('witness'), data: 1 });
    }
    return `${checked} bad frames, each with its code`;
  },
};

async function checkRefusals(bench: Bench, wire: Wire): Promise<number> {
  const early = await bench.open(wire);
  await refused(bench, early, 'subscribe', { topic: 'a' }, 'unauthenticated');
  const client = await bench.connect(wire);
  for (const [name, body, error] of bench.random.shuffled(REFUSED))
    await refused(bench, client, name, withOwnTopic(bench, body), error);
  await client.command('subscribe', { topic: bench.topic('a') });
  await refused(bench, client, 'subscribe', { topic: bench.topic('a') }, 'already_subscribed');
  await client.command('publish', { topic: bench.topic('a'), data: 'still here' });
  return REFUSED.length + 2;
}

async function checkEnds(bench: Bench, wire: Wire): Promise<number> {
  const abuses = [
    ...FATAL.map(([says, line, code]) => ({ says, code, send: (link: WireLink) => link.send(line) })),
    ...wire.abuses,
  ];
  for (const { says, code, send } of bench.random.shuffled(abuses)) {
    const client = await bench.open(wire);
    send(client.link);
    let ended: number | undefined;
    void client.closed.then((by) => {
      ended = by;
    });
    await bench.until(`${says} over ${wire.name} ends the connection`, () => ended !== undefined);
    bench.holds(ended === code, `${says} over ${wire.name} ended with ${ended}, not ${code}`);
  }
  return abuses.length;
}

async function refused(bench: Bench, client: WireClient, name: string, body: object, error: ErrorName): Promise<void> {
  const shown = `${name} ${JSON.stringify(body).slice(0, 80)}`;
  let answer: unknown;
  try {
    await client.command(name, body as never);
    answer = 'carried out';
  } catch (failure) {
    answer = failure instanceof TidewallError ? failure.kind : failure;
  }
  bench.holds(answer === error, `${shown} was answered with ${String(answer)}, not ${error}`);
}

/** Valid names stay below the scenario's own. */
function withOwnTopic(bench: Bench, body: object): object {
  return 'topic' in body && body.topic === 'a' ? { ...body, topic: bench.topic('a') } : body;
}

function nested(depth: number): unknown[] {
  return depth === 0 ? ['a', 'eq', 1] : ['not', nested(depth - 1)];
}
