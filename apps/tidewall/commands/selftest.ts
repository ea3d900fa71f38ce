import { availableParallelism } from 'node:os';
import { CommandFailure } from '../command-failure.ts';
import { runScenarios, type ScenarioResult } from '../selftest/run-scenarios.ts';
import type { Scenario } from '../selftest/scenario.ts';
import { SCENARIOS } from '../selftest/scenarios/index.ts';
import { startTestedServer } from '../selftest/server.ts';
import { WIRES } from '../selftest/wires.ts';

export interface SelftestOptions {
  readonly seed?: number;
  readonly only?: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
}

const MOST_SEEDS = 1_000_000;
const NAME_WIDTH = Math.max(...SCENARIOS.map(({ name }) => name.length));

/** Tries the rules of this server with real clients, on this machine; exits with 1 when one does not hold. */
export async function selftest(options: SelftestOptions, version: string): Promise<void> {
  if (options.list) {
    for (const { name, says } of SCENARIOS) process.stdout.write(`${name.padEnd(NAME_WIDTH)}  ${says}\n`);
    return;
  }
  const scenarios = chosen(options.only);
  const seed = options.seed ?? Math.floor(Math.random() * MOST_SEEDS);
  const report = options.json ? jsonReport() : textReport();
  report.begin(seed, version);
  const server = await startTestedServer(version);
  const interrupt = () => void server.close().finally(() => process.exit(130));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const began = performance.now();
  const results = await runScenarios({
    scenarios,
    server,
    wires: WIRES,
    seed,
    began: report.began,
    ended: report.ended,
  }).finally(() => server.close());
  report.end(results, seed, performance.now() - began);
  if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
}

function chosen(names: readonly string[] | undefined): readonly Scenario[] {
  if (names === undefined) return SCENARIOS;
  const unknown = names.find((name) => SCENARIOS.every((scenario) => scenario.name !== name));
  if (unknown !== undefined) {
    const all = SCENARIOS.map(({ name }) => name).join(', ');
    throw new CommandFailure(`there is no scenario "${unknown}"; there are ${all}`, 2);
  }
  return SCENARIOS.filter(({ name }) => names.includes(name));
}

interface Report {
  begin(seed: number, version: string): void;
  began(scenario: Scenario): void;
  ended(result: ScenarioResult): void;
  end(results: readonly ScenarioResult[], seed: number, ms: number): void;
}

/** A line for each scenario, for a reader. */
function textReport(): Report {
  const terminal = process.stdout.isTTY === true;
  const colors = terminal && !process.env['NO_COLOR'];
  const paint = (code: number, text: string) => (colors ? `\u001b[${code}m${text}\u001b[0m` : text);
  const write = (text: string) => process.stdout.write(text);
  return {
    begin: (seed, version) =>
      write(
        `tidewall ${version} selftest, seed ${seed}, on Node ${process.versions.node} with ${availableParallelism()} ` +
          `processors, over ${WIRES.map(({ name }) => name).join(', ')}\n`,
      ),
    // A script is told when there is something to tell; who looks on is told what is going on.
    began: ({ name }) => void (terminal && write(`… ${name}`)),
    ended: ({ name, says, ms, checked, failure }) => {
      if (terminal) write('\r\u001b[2K');
      const mark = failure === undefined ? paint(32, '✓') : paint(31, '✗');
      const head = `${mark} ${name.padEnd(NAME_WIDTH)}  ${seconds(ms).padStart(6)}`;
      write(failure === undefined ? `${head}  ${checked}\n` : `${head}  ${says}: it does not\n    ${failure}\n`);
    },
    end: (results, seed, ms) => {
      const failed = results.filter(({ failure }) => failure !== undefined).map(({ name }) => name);
      write(`${results.length - failed.length} of ${results.length} hold, ${seconds(ms)}\n`);
      if (failed.length > 0) write(`again: tidewall selftest --seed ${seed} --only ${failed.join(' ')}\n`);
    },
  };
}

/** A JSON line for each scenario, for a program. */
function jsonReport(): Report {
  const write = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    begin: (seed, version) =>
      void write({ version, seed, node: process.versions.node, wires: WIRES.map(({ name }) => name) }),
    began() {},
    ended: ({ ms, failure, ...rest }) =>
      void write({ ...rest, holds: failure === undefined, ms: Math.round(ms), failure }),
    end() {},
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
