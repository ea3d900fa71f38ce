import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Publication, Push, Rewind, TopicLog } from '@tidewall/contracts';
import { type Limits, type Mismatch, type Operation, TidewallError } from '@tidewall/protocol';
import type { Selection } from '../selection.ts';

/** A push before it belongs to a view. */
export type Change = OmitEach<Push, 'view' | 'topic' | 'kind'>;
type OmitEach<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

/** Data that a kind has taken: one line of JSON in the kind's normal form, and what it weighs. */
export interface Admitted {
  readonly json: string;
  readonly weight: number;
}

/** How a view shows what a topic holds: a part of it, or changes in place of whole values. */
export interface Shape {
  readonly selection: Selection | undefined;
  readonly delta: boolean;
}

/** What a topic holds, as one view shows it. */
export interface Projection {
  /** JSON text of all that is shown; undefined when nothing is held. */
  snapshot(): string | undefined;
  /**
   * What turns the state at `from` into the state at the head, as far as it is shown; none when that is nothing. Every
   * publication in between is still in the log.
   */
  changes(from: number): Change[];
  /** The same when publications after `from` were dropped; absent: the snapshot serves. */
  changesPastLoss?(from: number): Change[];
}

/**
 * What one topic holds, in its kind's own way. It is fed every publication in order and never looks at a clock, a
 * session or a wire.
 */
export interface Kind extends Projection {
  /**
   * Checks data before it is ordered.
   *
   * @param json the text that `data` came from, when there is one on one line
   * @throws TidewallError shape_mismatch, limit_exceeded
   */
  admit(op: Operation, data: JsonValue, json: string | undefined, at: number): Admitted;
  /** The value that a merge would make, for who has to look at it whole. */
  merged?(patch: JsonValue): JsonValue;
  apply(publication: Publication): void;
  /** All that is held, for a broker's base; undefined when the kept publications are all there is. */
  base(): string | undefined;
  /** Takes over what was held at the position of a broker's base, before anything is applied. */
  load?(json: string): void;
  /** Notes a kept publication whose effect is in the base already. */
  recall?(publication: Publication): void;
  /** What `snapshot` says when nothing is held: it voids what a subscriber has. */
  readonly empty: string;
  /** As a view of that shape shows it. */
  project(shape: Shape): Projection;
  /** What is shown of one publication's data; undefined: nothing, also where that cannot be told from it alone. */
  shownOf(publication: Publication, selection: Selection): string | undefined;
  /** All that is shown, or its newest part, thinned if asked; only of kinds whose publications are points in time. */
  backfill?(rewind: Rewind, nowMs: number, selection: Selection | undefined): string;
  /** Where a new subscriber starts that asks for nothing: with the snapshot, or at the head. */
  readonly startsWith: 'snapshot' | 'head';
  /** Whether a subscriber that is behind gets what it missed; false: it goes on at the head. */
  readonly keeps: boolean;
}

export interface KindContext {
  readonly log: TopicLog;
  readonly keyField: string;
  readonly limits: KindLimits;
}

export type KindLimits = Pick<Limits, 'publicationBytes' | 'tableRows' | 'tableBytes' | 'seriesColumns'>;

/** Refuses data that is not of the kind's shape, saying where, what was expected, what came and what would fit. */
export function refuseShape(mismatch: Mismatch): never {
  const { path, expected, got, example } = mismatch;
  const place = path === '' ? 'data' : `data${path.startsWith('[') || path.startsWith('.') ? '' : '.'}${path}`;
  throw new TidewallError(
    'shape_mismatch',
    `${place} must be ${expected}, got ${got}; for example ${JSON.stringify(example)}`,
    { detail: { path, expected, got, example } },
  );
}

/** Refuses data with which a limit would be passed, naming it. */
export function refuseOver(limit: keyof KindLimits, what: string, limits: KindLimits): never {
  throw new TidewallError('limit_exceeded', `${what}; at most ${limits[limit]} are kept (limits.${limit})`, {
    detail: { limit, max: limits[limit] },
  });
}

/** A short picture of a value for a message. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isJsonObject(value)) {
    const names = Object.keys(value);
    return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 4).join(', ').slice(0, 60)}`;
  }
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** The publication with that offset; the caller has made sure that it is kept. */
export function kept(log: TopicLog, offset: number): Publication {
  const publication = log.at(offset);
  if (!publication) throw new Error(`broken invariant: offset ${offset} is kept (${log.first}–${log.head})`);
  return publication;
}
