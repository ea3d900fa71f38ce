import type { JsonValue } from '@tidewall/base';
import type { DataState, Dataset, TopicReplica } from '@tidewall/browser-contracts';
import type { Mismatch } from '@tidewall/protocol';
import { type ContractName, fitContract, type RowsOf, type TimeColumns } from '@tidewall/screen';
import type { Transform } from '@tidewall/transform';
import { mismatchOf, type Pipeline, readyPipeline } from './pipeline.ts';
import { RateMeter } from './rate-meter.ts';

/**
 * What one element shows: the newest data that went through its transforms and fitted its contract. Data that does not
 * fit leaves the last good rows standing, and says why in `mismatch` until some fits again. A topic that holds nothing
 * any more shows nothing: what it held is not true, and no age would tell.
 */
export class ElementData<Contract extends ContractName> {
  readonly #contract: Contract;
  readonly #unchanged: boolean;
  readonly #rate = new RateMeter();
  /** Undefined until it has been fetched; nothing is read before. */
  #pipeline: Pipeline | undefined;
  #static: JsonValue | undefined;
  #rows: { readonly value: RowsOf<Contract> } | undefined;
  #mismatch: Mismatch | undefined;
  #revision = 0;
  #asOf = 0;
  #replicaRevision: number | undefined;
  #dataset: Dataset<Contract> | undefined;

  constructor(contract: Contract, transforms: readonly Transform[]) {
    this.#contract = contract;
    this.#unchanged = transforms.length === 0;
    this.#pipeline = readyPipeline(transforms);
  }

  /** Whether its transforms are ready; see `use`. */
  get ready(): boolean {
    return this.#pipeline !== undefined;
  }

  /** Takes the transforms that had to be fetched, and what waits for them. */
  use(pipeline: Pipeline): void {
    this.#pipeline = pipeline;
    if (this.#static !== undefined) this.takeStatic(this.#static);
  }

  get mismatch(): Mismatch | undefined {
    return this.#mismatch;
  }

  /** Whether there is anything to draw. */
  get present(): boolean {
    return this.#rows !== undefined;
  }

  get asOf(): number {
    return this.#asOf;
  }

  /**
   * Takes what a topic holds now; does nothing when it has not changed.
   *
   * @param now ms that never jump back, for the rate
   * @returns whether there was something new
   */
  take(replica: TopicReplica, now: number): boolean {
    const before = this.#replicaRevision;
    if (replica.revision === before || !this.ready) return false;
    const value = replica.value();
    this.#replicaRevision = replica.revision;
    if (value === undefined) return this.#void();
    this.#rate.note(before === undefined ? 1 : Math.max(1, replica.revision - before), now);
    const asIs = this.#contract === 'TS' && replica.kind === 'series' && this.#unchanged;
    // The hub has checked the columns of a series, and walking 100,000 points again each frame would cost the frame.
    if (asIs) this.#accept(value as RowsOf<Contract>, replica.asOf);
    else this.#fit(value, replica.asOf);
    return true;
  }

  /** Takes data that stands in the screen itself. */
  takeStatic(data: JsonValue): void {
    this.#static = data;
    if (this.ready) this.#fit(data, 0);
  }

  /** What to draw now; the same object as long as nothing changed. */
  dataset(state: DataState): Dataset<Contract> | undefined {
    if (this.#rows === undefined) return undefined;
    const before = this.#dataset;
    if (before === undefined || before.revision !== this.#revision || before.state !== state) {
      this.#dataset = {
        rows: this.#rows.value,
        revision: this.#revision,
        asOf: this.#asOf,
        state,
        rateHz: this.#rate.rateHz,
      };
    }
    return this.#dataset;
  }

  /** @returns whether there was something to let go of */
  #void(): boolean {
    const held = this.#rows !== undefined || this.#mismatch !== undefined;
    this.#rows = undefined;
    this.#dataset = undefined;
    this.#mismatch = undefined;
    this.#asOf = 0;
    if (held) this.#revision++;
    return held;
  }

  #fit(value: JsonValue | TimeColumns, asOf: number): void {
    let made = value;
    try {
      if (!this.#unchanged) made = this.#pipeline?.(value as JsonValue) ?? null;
    } catch (failure) {
      this.#mismatch = mismatchOf(failure);
      return;
    }
    const fit = fitContract(this.#contract, made);
    if (!fit.fits) {
      this.#mismatch = fit.mismatch;
      return;
    }
    // A replica changes in place: a list of our own stays what it was when the next one does not fit.
    const rows = Array.isArray(fit.rows) ? (fit.rows.slice() as unknown as RowsOf<Contract>) : fit.rows;
    this.#accept(rows, asOf);
  }

  #accept(rows: RowsOf<Contract>, asOf: number): void {
    this.#rows = { value: rows };
    this.#mismatch = undefined;
    this.#asOf = asOf;
    this.#revision++;
  }
}
