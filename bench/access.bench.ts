import { createDecider, DEFAULT_RULES, type Decider } from '@tidewall/access';
import type { Principal, Rule } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import { ARRIVALS, ARRIVALS_CONFIG } from './arrivals.ts';
import { Benchmark } from './benchmark.ts';
import { connectLoad } from './connect-load.ts';
import { plainWs } from './contenders/plain-ws.ts';
import { tidewall } from './contenders/tidewall.ts';
import { ruledTidewall } from './contenders/tidewall-rules.ts';
import { deliveryFigures } from './delivery.ts';
import { readOptions } from './options.ts';
import { column } from './table.ts';
import { payloadOf } from './wire.ts';

/*
 * What rules cost: a decision, a connect by who shows who it is, and a delivery with rules on and off.
 */

const options = readOptions();
const benchmark = new Benchmark('access', options, [
  column('cpuUs', 'CPU µs each', 3),
  column('perSecond', 'a second'),
  column('core', 'of a core', 2),
  column('othersCores', "others' cores", 2),
  column('lost', 'lost'),
  column('doubled', 'doubled'),
]);

const DECISION = 'a decision among 100 rules';
const CONNECTS = 'connects, each let in and gone again';
const [ONE, MANY] = ['fan-out, 1 in flight, 1,000 clients', 'fan-out, 16 in flight, 1,000 clients'];

/* A decision. */

const DECISIONS = 200_000;
const NAMES = Array.from({ length: 500 }, (_, i) => `shop/${i}/sales` as TopicName);
const rules: readonly Rule[] = [
  ...DEFAULT_RULES,
  ...Array.from({ length: 94 }, (_, i) => ({ topics: `shop/${i}/#`, roles: [`shop-${i}`], may: ['read'] })),
];
const viewer = (): Principal => ({ id: 'v', roles: ['viewer', 'shop-7'] });

/** µs a decision; `again`: the same 500 were made before. */
function decide(decider: Decider, again: boolean): number {
  const known = viewer();
  const round = (principal: Principal) => {
    for (const name of NAMES) if (decider.permit(principal, 'read', name) === undefined) throw new Error('denied');
  };
  round(known);
  const began = process.cpuUsage();
  // Who has not been here before has nothing that is remembered.
  for (let made = 0; made < DECISIONS; made += NAMES.length) round(again ? known : viewer());
  const { user, system } = process.cpuUsage(began);
  return (user + system) / DECISIONS;
}

for (let round = 0; round <= options.rounds; round++) {
  const decider = createDecider(rules);
  for (const again of [true, false]) {
    const cpuUs = decide(decider, again);
    // The first time compiles.
    if (round > 0) benchmark.note(DECISION, again ? 'tidewall, made before' : 'tidewall, made anew', round, { cpuUs });
  }
}

/* A connect. */

const timing = { warmUpMs: 1000, measureMs: options.seconds * 1000 };
const named = (how: string) => `tidewall, ${how}`;
await benchmark.turns(
  CONNECTS,
  [
    ...Object.keys(ARRIVALS).map((how) => ruledTidewall({ name: named(how), keys: true, config: ARRIVALS_CONFIG })),
    plainWs,
  ],
  ({ contender, server: { port, pids } }) => {
    const ours = Object.entries(ARRIVALS).find(([how]) => named(how) === contender.name)?.[1];
    // Whoever opens a connection is in.
    const arrival = ours ?? { path: contender.wire.path, letInBy: '\r\n\r\n', says: () => [] };
    return connectLoad({ port, pids, arrival, ...timing });
  },
);

/* A delivery. */

const OFF = 'tidewall, rules off';
const [ON, FILTER, FIELDS] = ['tidewall, rules on', 'tidewall, row filter', 'tidewall, field mask'];
for (const [setting, inFlight] of [
  [ONE, 1],
  [MANY, 16],
] as const) {
  await benchmark.turns(
    setting,
    [
      tidewall({ name: OFF }),
      ruledTidewall({ name: ON }),
      ruledTidewall({ name: FILTER, read: { filter: ['seq', 'ge', 0] } }),
      ruledTidewall({ name: FIELDS, read: { fields: ['seq', 'pad'] } }),
    ],
    async (bench) => {
      const clients = bench.load({ clients: 1000, payload: payloadOf(200) });
      await clients.connect();
      return deliveryFigures(await clients.run({ inFlight, ...timing }));
    },
  );
}

const LEAST_CONNECTS = 5000;
benchmark.finish([
  {
    text: `${DECISION} that was made before: less than 1 µs`,
    ...{ setting: DECISION, figure: 'cpuUs', of: 'tidewall, made before', atMost: 1, unit: ' µs' },
  },
  ...Object.keys(ARRIVALS).map((how) => ({
    ...{ text: `connects, ${how}: ${LEAST_CONNECTS} a second of a core`, setting: CONNECTS, figure: 'cpuUs' },
    ...{ of: named(how), atMost: 1e6 / LEAST_CONNECTS, unit: ' µs' },
  })),
  ...[ONE, MANY].map((setting) => ({
    ...{ text: `${setting}: rules on within 3 % of off`, setting, figure: 'cpuUs', of: ON, over: OFF, atMost: 1.03 },
  })),
]);
