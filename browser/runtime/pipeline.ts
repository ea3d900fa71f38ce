import type { JsonValue } from '@tidewall/base';
import { type Mismatch, TidewallError } from '@tidewall/protocol';
import { compileSteps, needNothing, type Transform } from '@tidewall/transform';

/** What the transforms of an element make of data; throws a TidewallError that names the step. */
export type Pipeline = (data: JsonValue) => JsonValue;

/** The pipeline of steps that need nothing, at once; undefined when something has to be fetched first. */
export function readyPipeline(transforms: readonly Transform[]): Pipeline | undefined {
  return needNothing(transforms) ? compile(() => compileSteps(transforms) as Pipeline) : undefined;
}

/** Brings in what a pipeline lacks: CEL, which pages without it never fetch. */
export class PipelineFetch {
  readonly #transforms: readonly Transform[];
  readonly #arrived: (pipeline: Pipeline) => void;
  #settled: boolean;

  /** @param arrived called once, later, when there was something to fetch */
  constructor(transforms: readonly Transform[], arrived: (pipeline: Pipeline) => void) {
    this.#transforms = transforms;
    this.#arrived = arrived;
    this.#settled = needNothing(transforms);
  }

  /** Asks for it, unless that is under way or done. What could not be fetched is asked for at the next call. */
  again(): void {
    if (this.#settled) return;
    this.#settled = true;
    import('@tidewall/transform/cel').then(
      ({ compileCel }) => this.#arrived(compile(() => compileSteps(this.#transforms, { cel: compileCel }) as Pipeline)),
      () => {
        this.#settled = false;
      },
    );
  }
}

/** Why a pipeline failed, as data that does not fit is shown. */
export function mismatchOf(failure: unknown): Mismatch {
  const { message, detail } =
    failure instanceof TidewallError ? failure : { message: String(failure), detail: {} as { path?: JsonValue } };
  const path = typeof detail.path === 'string' ? detail.path : '';
  return { path, expected: 'data that the transforms can take', got: message, example: null };
}

/**
 * Steps that can never work, and those that only the server runs, are shown like data that does not fit: they are for the
 * author to mend. Without a sandbox nothing has to be waited for.
 */
function compile(make: () => Pipeline): Pipeline {
  try {
    return make();
  } catch (failure) {
    return () => {
      throw failure;
    };
  }
}
