import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runScenarios, type ScenarioResult } from './run-scenarios.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { startTestedServer, type TestedServer } from './server.ts';
import { type Tampering, tamperedWire } from './tampered-wire.contract.ts';
import type { Wire } from './wire.ts';
import { WIRES } from './wires.ts';

/* Each scenario holds for a server that is right, and does not for one that seems to be wrong in a way it looks for. */

const SCALE = 0.2;
/** Long enough for a busy machine, where something happens after all. */
const PATIENCE_MS = 5000;
/** A server notices some who are gone only by their asking no more. */
const GONE_PATIENCE_MS = 20_000;
const TIMEOUT_MS = 60_000;

let server: TestedServer;

beforeAll(async () => {
  server = await startTestedServer('0.0.0-test');
});

afterAll(() => server.close());

async function run(name: string, wires: readonly Wire[], on = server): Promise<ScenarioResult> {
  const scenarios = SCENARIOS.filter((scenario) => scenario.name === name);
  const seed = Math.floor(Math.random() * 1e6);
  const patienceMs = name === 'leaks' ? GONE_PATIENCE_MS : PATIENCE_MS;
  const [result] = await runScenarios({ scenarios, server: on, wires, seed, scale: SCALE, patienceMs });
  if (result === undefined) throw new Error(`there is no scenario ${name}`);
  return { ...result, says: `${result.says} (seed ${seed})` };
}

/** Tampers with each nth push of a link, whatever it is of. */
const onEach = (nth: number, act: (line: string) => readonly string[]) => () => {
  let pushes = 0;
  return (line: string) => (isPush(line) && ++pushes % nth === 0 ? act(line) : [line]);
};
const dropping = (nth: number): Tampering => ({ received: onEach(nth, () => []) });
const doubling = (nth: number): Tampering => ({ received: onEach(nth, (line) => [line, line]) });
/** Lets each nth push pass the one before it. */
const swapping = (nth: number): Tampering => ({
  received: () => {
    let pushes = 0;
    let held: readonly string[] = [];
    return (line) => {
      if (!isPush(line)) return [line];
      if (++pushes % nth === nth - 1) {
        held = [line];
        return [];
      }
      const both = [line, ...held];
      held = [];
      return both;
    };
  },
});
const arriving = (pattern: RegExp, replacement: string): Tampering => ({
  received: () => (line) => [line.replace(pattern, replacement)],
});
const missing = (pattern: RegExp): Tampering => ({ received: () => (line) => (pattern.test(line) ? [] : [line]) });
const unsaid = (pattern: RegExp): Tampering => ({ sent: () => (text) => text.replaceAll(pattern, '') });

describe.each<[scenario: string, wrong: string, tampering: Tampering, failure: RegExp]>([
  ['fan-out', 'a push is lost', dropping(30), /lost \d+ to \d+|has other entries|had to ask again/],
  ['fan-out', 'a push comes twice', doubling(30), /came again|something else/],
  ['fan-out', 'pushes change places', swapping(30), /lost \d+ to|came again|had to ask again/],
  ['fan-out', 'a value is another one', arriving(/"d":41\b/, '"d":14'), /holds something else|has other entries/],
  [
    'recovery-storm',
    'the position is not said',
    unsaid(/"since":\{[^}]*\},?/g),
    /every client has all|had to start anew|entries, not 0 to/,
  ],
  ['recovery-storm', 'an entry is another one', arriving(/"d":41\b/, '"d":14'), /entries, not 0 to/],
  ['recovery-storm', 'the links do not break', { ignored: ['cut'] }, /came back 0 times/],
  ['convergence', 'removals are not told', arriving(/,"x":\[[^\]]*\]/, ''), /a follower holds something else/],
  ['convergence', 'a push is lost', dropping(4), /lost \d+ to|holds something else|everybody is at/],
  ['convergence', 'merges say nothing', arriving(/"m":\{.*\}\}$/, '"m":{}}'), /a follower holds something else/],
  ['views', 'the filter is not said', unsaid(/,"filter":\[.*?\](?=,"(?:fields|delta|rateHz)|\})/g), /shows .*, not /],
  ['views', 'the fields are not said', unsaid(/,"fields":\["v"\]/g), /shows .*, not /],
  ['views', 'a push is lost', dropping(9), /lost \d+ to|shows .*, not /],
  ['rate', 'the rate is not said', unsaid(/,"rateHz":\d+/g), /pushes came in .*: too many/],
  ['rate', 'what comes last does not come', { received: noMoreThan(6) }, /everybody is at|too few/],
  ['slow-client', 'one that stalls reads on', { ignored: ['pause'] }, /found room for clients that read nothing/],
  ['slow-client', 'a push is lost', dropping(9), /lost \d+ to|those that read have all/],
  ['log-gap', 'the gap is not told', missing(/"gap":/), /lost \d+ to|it was told \[\]/],
  [
    'log-gap',
    'the gap ends too early',
    arriving(/"gap":\{"from":(\d+),"to":\d+\}/, '"gap":{"from":$1,"to":$1}'),
    /lost \d+ to|was told/,
  ],
  ['freshness', 'late is not told', missing(/"state":"late"/), /stale was told, and late was not/],
  [
    'freshness',
    'nothing but late is told',
    arriving(/"state":"stale"/, '"state":"late"'),
    /everybody is told that it is stale/,
  ],
  ['malformed-frames', 'codes are others', { closed: () => 1006 }, /ended with 1006, not \d+/],
  [
    'malformed-frames',
    'refusals are called otherwise',
    arriving(/"name":"bad_request"/, '"name":"internal"'),
    /answered with internal, not bad_request/,
  ],
  [
    'malformed-frames',
    'a bad frame ends nothing',
    { sent: () => (text) => text.replace('nonsense', 'ping') },
    /what is not JSON .* ends the connection/,
  ],
])('%s', (scenario, wrong, tampering, failure) => {
  test(
    `fails when ${wrong}`,
    async () => {
      const result = await run(
        scenario,
        WIRES.map((wire) => tamperedWire(wire, tampering)),
      );
      expect(result.checked, result.says).toBeUndefined();
      expect(result.failure, result.says).toMatch(failure);
    },
    TIMEOUT_MS,
  );
});

test('leaks fails when sessions stay', { timeout: TIMEOUT_MS }, async () => {
  const own = await startTestedServer('0.0.0-test');
  try {
    const stays = tamperedWire(WIRES[0] as Wire, { ignored: ['close', 'cut'] });
    expect((await run('leaks', [stays], own)).failure).toMatch(/nobody is left of \d+ sessions; \d+ are/);
  } finally {
    await own.close();
  }
});

test('what the server logs as an error fails a scenario, though its rule holds', { timeout: TIMEOUT_MS }, async () => {
  const errors = ['before'];
  const noisy = { ...server, errors };
  const right = WIRES[0] as Wire;
  const open: Wire['open'] = (...args) => {
    errors.push('oh');
    return right.open(...args);
  };
  expect((await run('log-gap', [{ ...right, open }], noisy)).failure).toBe('the server logged an error: oh');
});

test.each(SCENARIOS.map(({ name }) => name))('%s holds', { timeout: TIMEOUT_MS }, async (name) => {
  const { failure, checked, says } = await run(name, WIRES);
  expect(failure, says).toBeUndefined();
  expect(checked).toMatch(/\d/);
});

/** Lets so many pushes of each link arrive, and no more. */
function noMoreThan(most: number): NonNullable<Tampering['received']> {
  return () => {
    let pushes = 0;
    return (line) => (isPush(line) && ++pushes > most ? [] : [line]);
  };
}

function isPush(line: string): boolean {
  return line.startsWith('{"t":');
}
