import { type JsonObject, type JsonValue, setOwn } from '@tidewall/base';
import { Field, type FieldValue } from './field.ts';
import type { Label } from './label-set.ts';
import { MOST_NUMBER_BYTES, memberBytes, memberName, textBytes } from './member.ts';

/** Points that are to be published: columns as a topic of kind `series` takes them. */
export interface Points {
  readonly columns: Record<string, (number | null)[]>;
  /** They rise. */
  readonly times: readonly number[];
}

/** The fields of one label set of one name: what of them waits to be published, and the newest of each for its row. */
export class Series {
  /** The topic in which it has a row. */
  readonly table: string;
  /** Its label set as text: the key of its row, and the last part of its topic's name. */
  readonly id: string;
  readonly topic: string;
  readonly fields: Field[] = [];
  /** When it was heard of last, on the monotonic clock. */
  usedAt = 0;
  /** Whether is known what its topic and its row held before this process, or before a refusal. */
  recalled = false;
  /** Whether something of it has been published. */
  kept = false;
  /** It was let go: who remembers it must ask for it anew. */
  gone = false;
  /** Of the batch under way: how many samples, and the number of the first. */
  samples = 0;
  firstSample = 0;
  readonly #labels: JsonObject = {};
  /** What its key, its labels and its time take of its row's JSON. */
  readonly #headBytes: number;
  readonly #byName = new Map<string, Field>();
  /** Of the points that wait. */
  #times: number[] = [];
  /** Where each of them is; undefined while they rise, which is nearly always. */
  #places: Map<number, number> | undefined;
  /** No field has a newer value that was published. */
  #newest = Number.NEGATIVE_INFINITY;
  /** By member: what was published of fields before this process knew them. */
  #recalledNewest: ReadonlyMap<string, number> = new Map();
  #rowChanged = false;
  /** Members of the row that no field of this process has said anything of, and their time. */
  #others: JsonObject = {};
  #othersAt = Number.NEGATIVE_INFINITY;

  /** @param table the topic of its row */
  constructor(table: string, id: string, labels: readonly Label[]) {
    this.table = table;
    this.id = id;
    this.topic = `${table}/${id}`;
    for (const { name, value } of labels) setOwn(this.#labels, memberName(name), value);
    this.#headBytes = memberBytes('id') + textBytes(id) + memberBytes('t') + MOST_NUMBER_BYTES + sizeOf(this.#labels);
  }

  /** The field that its tool calls so; undefined: it has none yet. */
  field(name: string): Field | undefined {
    return this.#byName.get(name);
  }

  /**
   * @param name as its tool calls it; the series must not have a field of that name
   * @param raw the bytes of that name in what the tool sends, as latin1
   */
  addField(name: string, raw: string): Field {
    let member = memberName(name);
    // A row has labels and fields beside each other.
    while (Object.hasOwn(this.#labels, member)) member = `~${member}`;
    const field = new Field(raw, member);
    field.newest = this.#recalledNewest.get(member) ?? Number.NEGATIVE_INFINITY;
    if (Object.hasOwn(this.#others, member)) {
      field.value = this.#others[member] as FieldValue;
      field.valueAt = this.#othersAt;
      delete this.#others[member];
    }
    this.fields.push(field);
    this.#byName.set(name, field);
    return field;
  }

  /** Takes one sample in: of each of the first `count` fields its value. */
  take(t: number, fields: readonly Field[], values: readonly FieldValue[], count: number): void {
    let index = -1;
    for (let i = 0; i < count; i++) {
      const field = fields[i] as Field;
      const value = values[i] as FieldValue;
      if (typeof value !== 'string') {
        if (index < 0) index = this.#indexOf(t);
        const point = typeof value === 'boolean' ? Number(value) : value;
        // An array that is made with its first item has no room for sixteen more, which are seldom needed.
        if (index === 0 && field.waiting.length === 0) field.waiting = [point];
        else field.waiting[index] = point;
      }
      if (t > field.valueAt || (t === field.valueAt && value !== field.value)) {
        field.value = value;
        field.valueAt = t;
        this.#rowChanged = true;
      }
    }
  }

  /**
   * Hands the points over that are to be published; undefined when there are none. A value that is not newer than the
   * newest of its field was published already, or comes too late, and is left out.
   *
   * @param repeated called with the number of values that are left out, when there are some
   */
  takePoints(repeated: (count: number) => void): Points | undefined {
    const times = this.#times;
    const rise = this.#places === undefined;
    if (times.length === 0) return undefined;
    this.#times = [];
    this.#places = undefined;
    if (!rise || (times[0] as number) <= this.#newest) return this.#takeNewPoints(times, repeated);
    const columns: Points['columns'] = { t: times };
    for (const field of this.fields) {
      const { waiting } = field;
      if (waiting.length === 0) continue;
      field.waiting = [];
      // What was set last is the newest, as the times rise.
      field.newest = times[waiting.length - 1] as number;
      setOwn(columns, field.member, isFull(waiting, times.length) ? waiting : withNulls(waiting, times.length));
    }
    this.#newest = times[times.length - 1] as number;
    return { columns, times };
  }

  /** Hands its row over as it is now; undefined when that was done since it changed. */
  takeRow(): JsonObject | undefined {
    if (!this.#rowChanged) return undefined;
    this.#rowChanged = false;
    const row: JsonObject = { id: this.id, ...this.#labels, ...this.#others };
    let newest = this.#othersAt;
    for (const { member, value, valueAt } of this.fields) {
      if (value === undefined) continue;
      setOwn(row, member, value);
      if (valueAt > newest) newest = valueAt;
    }
    row['t'] = newest;
    return row;
  }

  /** What its row takes as JSON, at most. */
  get rowBytes(): number {
    let bytes = this.#headBytes + sizeOf(this.#others);
    for (const { memberBytes: ofName, value } of this.fields) bytes += ofName + valueBytes(value);
    return bytes;
  }

  /** Learns what its topic has kept. @param texts the data of its newest publications */
  recallPoints(texts: readonly string[]): void {
    const newest = new Map<string, number>();
    for (const text of texts) {
      const { t: times = [], ...columns } = JSON.parse(text) as Record<string, (number | null)[]>;
      const members = Object.entries(columns);
      for (const [member, values] of members) {
        values.forEach((value, index) => {
          // A lone column says nothing but what was said; beside others, null may mean that nothing was.
          if (value === null && members.length > 1) return;
          newest.set(member, Math.max(newest.get(member) ?? Number.NEGATIVE_INFINITY, times[index] as number));
        });
      }
    }
    this.#recalledNewest = newest;
    this.#newest = Math.max(Number.NEGATIVE_INFINITY, ...newest.values());
    for (const field of this.fields) field.newest = newest.get(field.member) ?? Number.NEGATIVE_INFINITY;
  }

  /** Learns what its row held, and takes over what is newer than what it was told since. */
  recallRow(row: JsonObject): void {
    const at = typeof row['t'] === 'number' ? row['t'] : Number.NEGATIVE_INFINITY;
    const known = new Map(this.fields.map((field) => [field.member, field]));
    this.#othersAt = at;
    for (const [member, value] of Object.entries(row)) {
      if (member === 'id' || member === 't' || Object.hasOwn(this.#labels, member)) continue;
      const field = known.get(member);
      if (field === undefined) setOwn(this.#others, member, value);
      else if (field.valueAt < at) {
        field.value = value as FieldValue;
        field.valueAt = at;
      }
    }
  }

  /** The index of the waiting point of that time. */
  #indexOf(t: number): number {
    const times = this.#times;
    const last = times.length - 1;
    if (last < 0) {
      this.#times = [t];
      return 0;
    }
    if (this.#places === undefined) {
      if (t > (times[last] as number)) return times.push(t) - 1;
      if (t === times[last]) return last;
      this.#places = new Map(times.map((time, index) => [time, index]));
    }
    const known = this.#places.get(t);
    if (known !== undefined) return known;
    this.#places.set(t, times.length);
    return times.push(t) - 1;
  }

  /** Value by value: for the few times that something comes again, late or out of order. */
  #takeNewPoints(times: readonly number[], repeated: (count: number) => void): Points | undefined {
    const isNew = times.map(() => false);
    let old = 0;
    for (const { waiting, newest } of this.fields) {
      for (let index = 0; index < waiting.length; index++) {
        if (waiting[index] === undefined) continue;
        if ((times[index] as number) > newest) isNew[index] = true;
        else {
          waiting[index] = undefined;
          old++;
        }
      }
    }
    if (old > 0) repeated(old);
    const order = [...times.keys()].filter((index) => isNew[index]);
    order.sort((a, b) => (times[a] as number) - (times[b] as number));
    const left = order.map((index) => times[index] as number);
    const columns: Points['columns'] = { t: left };
    for (const field of this.fields) {
      const { waiting } = field;
      field.waiting = [];
      const newest = order.findLast((index) => waiting[index] !== undefined);
      if (newest === undefined) continue;
      field.newest = times[newest] as number;
      this.#newest = Math.max(this.#newest, field.newest);
      setOwn(
        columns,
        field.member,
        order.map((index) => waiting[index] ?? null),
      );
    }
    return left.length === 0 ? undefined : { columns, times: left };
  }
}

/** Whether every point has a value. */
function isFull(waiting: readonly (number | null | undefined)[], length: number): waiting is (number | null)[] {
  return waiting.length === length && !waiting.includes(undefined);
}

/** The same values, with null where none came. */
function withNulls(waiting: readonly (number | null | undefined)[], length: number): (number | null)[] {
  const values: (number | null)[] = [];
  for (let i = 0; i < length; i++) values.push(waiting[i] ?? null);
  return values;
}

function sizeOf(members: JsonObject): number {
  let bytes = 0;
  for (const name in members) bytes += memberBytes(name) + valueBytes(members[name]);
  return bytes;
}

function valueBytes(value: JsonValue | undefined): number {
  return typeof value === 'string' ? textBytes(value) : MOST_NUMBER_BYTES;
}
