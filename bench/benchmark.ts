import { type Contender, type RunningContender, startContender } from './contender.ts';
import { type Cores, findCores } from './cores.ts';
import { type Goal, judge, type Verdict } from './goals.ts';
import type { LoadClient, LoadOptions } from './load-client.ts';
import { describeMachine } from './machine.ts';
import { compileNative } from './native/compile.ts';
import { nativeLoad } from './native-load.ts';
import { NodeLoad } from './node-load.ts';
import type { Options } from './options.ts';
import { hottest, newestProfile, underProfiler } from './profile.ts';
import { awaitRest, takeTurn } from './quiet.ts';
import { keepResult } from './results.ts';
import { disturbed, type Figures, type Row } from './rows.ts';
import { type Column, cell, table } from './table.ts';

/** What a measurement needs of its surroundings. */
export interface Bench {
  readonly contender: Contender;
  readonly server: RunningContender;
  /** Clients of this server; closed when the measurement ends. */
  load(options: Omit<LoadOptions, 'wire' | 'server'>): LoadClient;
}

/**
 * Contenders in turns, so that what the machine does meanwhile meets them all; then a table of medians, and each goal
 * with what was reached. Only ratios within one run mean something.
 */
export class Benchmark {
  readonly name: string;
  readonly options: Options;
  readonly #columns: readonly Column[];
  readonly #cores: Cores | undefined = findCores();
  readonly #rows: Row[] = [];
  readonly #versions = new Map<string, string>();
  readonly #missing = new Map<string, string>();

  constructor(name: string, options: Options, columns: readonly Column[]) {
    this.name = name;
    this.options = options;
    this.#columns = columns;
    // Only an orderly exit stops the servers.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    const { server, client } = this.#cores ?? {};
    console.log(`${name}: ${describeMachine()}`);
    console.log(
      this.#cores === undefined
        ? "not pinned: there are not two cores, or there is no taskset. Server and load take each other's time."
        : `servers run on core ${server}, the load on core ${client}`,
    );
    if (compileNative('load') === undefined) {
      console.warn(
        'NO C COMPILER: the load is made by Node, and its own cost may hide what a server costs. There is no floor.\n' +
          'Install gcc for figures that mean something.',
      );
    }
  }

  /** Measures each contender in its turn, round by round. */
  async turns(
    setting: string,
    contenders: readonly Contender[],
    measure: (bench: Bench) => Promise<Figures>,
  ): Promise<void> {
    const { only, rounds, retries } = this.options;
    const able = contenders
      .filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)))
      .filter((contender) => this.#isHere(contender));
    for (let round = 1; round <= rounds; round++) {
      for (const contender of able) {
        let row = await this.#measure(setting, contender, round, measure);
        for (let again = 1; again <= retries && disturbed(row); again++) {
          row = await this.#measure(setting, contender, round, measure);
        }
        this.#rows.push(row);
        const said = row.problem ?? this.#columns.map((each) => `${each.head} ${cell(each, row.figures)}`).join(', ');
        console.log(`${setting}, ${round}/${rounds}  ${contender.name}: ${said}`);
      }
    }
  }

  /** A figure of something that is no server, measured in this process. */
  note(setting: string, name: string, round: number, figures: Figures): void {
    this.#rows.push({ setting, contender: name, round, figures });
    console.log(
      `${setting}, ${round}/${this.options.rounds}  ${name}: ${this.#columns.map((each) => `${each.head} ${cell(each, figures)}`).join(', ')}`,
    );
  }

  /** The table, the goals, and the file. Exits with 1 when Tidewall lost or doubled a publication. */
  finish(goals: readonly Goal[]): void {
    const verdicts = goals.map((goal) => judge(goal, this.#rows));
    console.log(`\n${table(this.#rows, this.#columns)}\n`);
    for (const { text, verdict, reached } of verdicts) console.log(`${verdict.padEnd(4)} ${text}: ${reached}`);
    for (const [name, why] of this.#missing) console.log(`without ${name}: ${why}`);
    if (this.options.save) this.#save(verdicts);
    const broken = this.#rows.filter(({ figures }) => (figures['lost'] ?? 0) + (figures['doubled'] ?? 0) > 0);
    for (const { contender, setting, figures } of broken) {
      console.error(`${contender}, ${setting}: ${figures['lost']} lost, ${figures['doubled']} doubled`);
    }
    if (broken.some(({ contender }) => contender.startsWith('tidewall'))) process.exitCode = 1;
  }

  #isHere(contender: Contender): boolean {
    const why = contender.missing();
    if (why === undefined) this.#versions.set(contender.name, contender.version());
    else this.#missing.set(contender.name, why);
    return why === undefined;
  }

  async #measure(
    setting: string,
    contender: Contender,
    round: number,
    measure: (bench: Bench) => Promise<Figures>,
  ): Promise<Row> {
    const profiled = this.options.profile && contender.name.startsWith('tidewall');
    const row = { setting, contender: contender.name, round };
    const giveUpTurn = await takeTurn();
    await awaitRest(this.options.patienceMs);
    let server: RunningContender | undefined;
    const clients: LoadClient[] = [];
    try {
      const started = await startContender(profiled ? underProfiler(contender) : contender, this.#cores?.server);
      server = started;
      const figures = await measure({
        contender,
        server: started,
        load: (options) => {
          const client = this.#load({ ...options, wire: contender.wire, server: started });
          clients.push(client);
          return client;
        },
      });
      return { ...row, figures };
    } catch (error) {
      return { ...row, figures: {}, problem: error instanceof Error ? error.message : String(error) };
    } finally {
      for (const client of clients) await client.close();
      await server?.stop();
      giveUpTurn();
      const profile = profiled ? newestProfile() : undefined;
      if (profile !== undefined) console.log(`${setting}, ${contender.name}\n${hottest(profile).join('\n')}`);
    }
  }

  #load(options: LoadOptions): LoadClient {
    const program = compileNative('load');
    return program === undefined ? new NodeLoad(options) : nativeLoad(program, this.#cores, options);
  }

  #save(goals: readonly Verdict[]): void {
    const { rounds, seconds, quick } = this.options;
    const file = keepResult({
      benchmark: this.name,
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      pinned: this.#cores !== undefined,
      quick,
      rounds,
      seconds,
      versions: Object.fromEntries(this.#versions),
      missing: Object.fromEntries(this.#missing),
      goals,
      columns: this.#columns,
      rows: this.#rows,
    });
    console.log(`kept as bench/results/${file}`);
  }
}
