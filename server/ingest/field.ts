import { memberBytes } from './member.ts';

/** What a field may say. A text stands in the row alone: a series has numbers. */
export type FieldValue = number | boolean | string | null;

/** One field of one series. */
export class Field {
  /** The bytes of its name as its tool sends it, as latin1: it is known by them without reading the name. */
  readonly raw: string;
  /** What it is called in the row, and as a column. */
  readonly member: string;
  /** What its name takes of the JSON of a row, at most. */
  readonly memberBytes: number;
  /** Time of the newest value that was published to the series. */
  newest = Number.NEGATIVE_INFINITY;
  value: FieldValue | undefined;
  valueAt = Number.NEGATIVE_INFINITY;
  /** By the index of the waiting point; undefined where the point has no value of it. */
  waiting: (number | null | undefined)[] = [];

  constructor(raw: string, member: string) {
    this.raw = raw;
    this.member = member;
    this.memberBytes = memberBytes(member);
  }
}
