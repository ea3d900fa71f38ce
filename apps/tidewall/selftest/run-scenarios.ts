import { Bench } from './bench.ts';
import { createRandom } from './random.ts';
import { Refuted } from './refuted.ts';
import type { Scenario } from './scenario.ts';
import type { TestedServer } from './server.ts';
import type { Wire } from './wire.ts';

export interface RunOptions {
  readonly scenarios: readonly Scenario[];
  readonly server: TestedServer;
  readonly wires: readonly Wire[];
  readonly seed: number;
  /** See `BenchOptions`. */
  readonly scale?: number;
  readonly patienceMs?: number;
  /** Hears of each scenario before it runs. */
  readonly began?: (scenario: Scenario) => void;
  readonly ended?: (result: ScenarioResult) => void;
}

export interface ScenarioResult {
  readonly name: string;
  readonly says: string;
  readonly ms: number;
  /** What was checked, in numbers; undefined when the rule does not hold. */
  readonly checked: string | undefined;
  /** Why not, for a reader. */
  readonly failure: string | undefined;
}

const PATIENCE_MS = 20_000;
/** A scenario that hangs where nothing else has a bound. */
const SCENARIO_MS = 120_000;

/** Runs one after another, and goes on past those that fail. */
export async function runScenarios(options: RunOptions): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of options.scenarios) {
    options.began?.(scenario);
    const result = await runOne(scenario, options);
    results.push(result);
    options.ended?.(result);
  }
  return results;
}

async function runOne(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const { server, wires, seed, scale = 1, patienceMs = PATIENCE_MS } = options;
  const { name, says } = scenario;
  const random = createRandom(seed, name);
  const bench = new Bench({ url: server.url, wires, random, prefix: `selftest/${name}`, scale, patienceMs });
  const began = performance.now();
  const errorsBefore = server.errors.length;
  let checked: string | undefined;
  let failure: string | undefined;
  try {
    checked = await within(SCENARIO_MS, scenario.run(bench));
    bench.holds(true, '');
  } catch (thrown) {
    failure = thrown instanceof Refuted ? thrown.message : String((thrown as Error)?.stack ?? thrown);
  }
  try {
    await bench.dispose();
  } catch (thrown) {
    failure ??= `could not be tidied up: ${String(thrown)}`;
  }
  const [error] = server.errors.slice(errorsBefore);
  if (error !== undefined) failure ??= `the server logged an error: ${error}`;
  return { name, says, ms: performance.now() - began, checked: failure === undefined ? checked : undefined, failure };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refuted(`it did not end in ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
