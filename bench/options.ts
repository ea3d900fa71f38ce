import { parseArgs } from 'node:util';

const RETRIES = 2;

/** What every benchmark can be told. */
export interface Options {
  /** A short run, to see that it works; its figures are rough. */
  readonly quick: boolean;
  /** How often each contender has its turn. */
  readonly rounds: number;
  readonly seconds: number;
  /** Contenders whose name holds one of these; all when there are none. */
  readonly only: readonly string[];
  /** Another build of Tidewall's server to measure beside this one. */
  readonly beside: string | undefined;
  /** How long to wait before each turn for a machine that does little else, and how often to measure again when it did. */
  readonly patienceMs: number;
  readonly retries: number;
  /** Run Tidewall under the profiler of Node, which costs a little, and tell where its time goes. */
  readonly profile: boolean;
  /** Write the rows to `results/`. */
  readonly save: boolean;
}

/** What the command line says; `usual` is for what takes longer than most. */
export function readOptions(usual: { readonly rounds?: number } = {}, args = process.argv.slice(2)): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      beside: { type: 'string' },
      patience: { type: 'string' },
      profile: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
    },
  });
  const patience = values.patience === undefined ? (values.quick ? 0 : 5) : Number(values.patience);
  return {
    quick: values.quick,
    rounds: atLeastOne('rounds', values.rounds, values.quick ? 1 : (usual.rounds ?? 5)),
    seconds: atLeastOne('seconds', values.seconds, values.quick ? 1 : 2),
    only: values.only.flatMap((list) => list.split(',')),
    beside: values.beside,
    patienceMs: patience * 1000,
    retries: patience > 0 ? RETRIES : 0,
    profile: values.profile,
    save: values.save,
  };
}

function atLeastOne(name: string, text: string | undefined, fallback: number): number {
  const number = text === undefined ? fallback : Number(text);
  if (!(number >= 1)) throw new RangeError(`--${name} must be at least 1, got ${text}`);
  return number;
}
