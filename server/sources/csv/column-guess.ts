import type { CellType } from '../cell.ts';
import type { CellFormat } from './cell-format.ts';

/**
 * Finds out the type that all cells of a column have, by their looks: number, boolean or date-time when each that is not
 * empty is one, otherwise text. Cells that say that there is no number are in a column of numbers.
 */
export class ColumnGuess {
  readonly #format: CellFormat;
  #type: CellType | undefined;
  #notFinite = false;
  #numbers = 0;
  #others = 0;

  constructor(format: CellFormat) {
    this.#format = format;
  }

  add(cell: string): void {
    const known = this.#type;
    if (known === 'number' && this.#format.number(cell) !== undefined) {
      this.#numbers += 1;
      return;
    }
    const type = this.#format.typeOf(cell);
    if (type === undefined) return;
    if (type === 'not finite') this.#notFinite = true;
    else this.#type = known === undefined || known === type ? type : 'text';
    if (type === 'number' || type === 'not finite') this.#numbers += 1;
    else this.#others += 1;
    if (this.#notFinite && this.#type !== undefined && this.#type !== 'number') this.#type = 'text';
  }

  /** The type of the cells so far; undefined while all were empty. */
  get type(): CellType | undefined {
    return this.#type ?? (this.#notFinite ? 'number' : undefined);
  }

  /** Whether it is a column of numbers in which some cells say something else. */
  get isMostlyNumbers(): boolean {
    return this.#numbers > 0 && this.#numbers >= this.#others;
  }
}
