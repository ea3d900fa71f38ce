import { isJsonObject, type JsonObject, type JsonValue } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';

/** The key of rows that have none of their own: their number. */
export const ROW_NUMBER_FIELD = '_row';
/** Fields that a sentence names. */
const MOST_NAMED = 20;

/** The rows of one result for a `table`: each with a key of its own, the others refused by what they are called. */
export class KeyedRows {
  readonly rows: JsonObject[] = [];
  readonly #keyField: string;
  readonly #place: (index: number) => string;
  readonly #places = new Map<string, number>();
  #first: JsonValue | undefined;

  /** @param place what a row is called, by its index */
  constructor(keyField: string, place: (index: number) => string) {
    this.#keyField = keyField;
    this.#place = place;
  }

  /** Takes the next row. @returns why it is refused; undefined when it is not */
  take(row: JsonValue, index: number): string | undefined {
    const keyField = this.#keyField;
    this.#first ??= row;
    const lacksNumber = isJsonObject(row) && keyField === ROW_NUMBER_FIELD && !(keyField in row);
    const keyed = lacksNumber ? { [keyField]: index + 1, ...row } : row;
    const key = keyOfRow(keyed, keyField);
    if (typeof key === 'object') return `${this.#place(index)} ${key.fault}`;
    const before = this.#places.get(String(key));
    if (before !== undefined) {
      return `${this.#place(index)} has the ${keyField} ${JSON.stringify(key)} of ${this.#place(before)}`;
    }
    this.#places.set(String(key), index);
    this.rows.push(keyed as JsonObject);
    return undefined;
  }

  /**
   * There are no more. None at all would take away all that there was: rather the settings are wrong than all of the rows.
   *
   * @throws TidewallError source_error when there were rows, and none of them has a key
   */
  end(): void {
    if (this.rows.length > 0 || this.#first === undefined) return;
    const fields = isJsonObject(this.#first)
      ? `; the first has ${Object.keys(this.#first).slice(0, MOST_NAMED).join(', ')}`
      : '';
    const message = `no row has the field ${JSON.stringify(this.#keyField)} (keyField)${fields}`;
    throw new TidewallError('source_error', message);
  }
}

/** The key of a row, or why it has none. */
function keyOfRow(row: JsonValue, keyField: string): string | number | { readonly fault: string } {
  if (!isJsonObject(row)) return { fault: 'is no row of named fields' };
  const key = Object.hasOwn(row, keyField) ? row[keyField] : undefined;
  if (typeof key === 'string' || typeof key === 'number') return key;
  return { fault: `has no ${keyField}, a text or a number that identifies it` };
}
