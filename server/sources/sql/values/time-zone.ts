import { z } from 'zod';

const OFFSET = /^([+-])(\d\d):([0-5]\d)$/;
const HOUR_MS = 3_600_000;
/** Offsets that are kept, one for each quarter of an hour that was asked for. */
const MOST_KEPT = 2_000;
const QUARTER_MS = HOUR_MS / 4;

/** A time zone in a configuration: `UTC`, a name like `Asia/Shanghai`, or an offset like `+08:00`. */
export const timeZoneField = z
  .string()
  .refine(isTimeZone, 'must be a time zone like UTC, Asia/Shanghai or +08:00')
  .default('UTC')
  .describe('the time zone of times that name none, and of the session');

/** Whether a time zone is told by its distance from UTC. */
export function isOffset(zone: string): boolean {
  return OFFSET.test(zone);
}

/** Reads the times of one zone. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #offsetMs: number;
  readonly #kept = new Map<number, number>();

  /** @param zone as `timeZoneField` takes it */
  constructor(zone: string) {
    this.#offsetMs = offsetOf(zone) ?? 0;
    this.#format = zone === 'UTC' || isOffset(zone) ? undefined : formatOf(zone);
  }

  /**
   * The instant at which the clocks of the zone show that time.
   *
   * Where they show it twice, since they were set back, it is the first; where they never do, it is as if they had not
   * been set.
   *
   * @param local what the clocks show, as ms since 1970 if they were those of UTC
   */
  instantOf(local: number): number {
    if (this.#format === undefined) return local - this.#offsetMs;
    const before = this.#offsetAt(local - 24 * HOUR_MS);
    const after = this.#offsetAt(local + 24 * HOUR_MS);
    if (before === after) return local - before;
    const early = local - before;
    return this.#offsetAt(early) === before || this.#offsetAt(local - after) !== after ? early : local - after;
  }

  /** What the clocks of the zone show at an instant, as ms since 1970 if they were those of UTC. */
  localOf(instant: number): number {
    return instant + (this.#format === undefined ? this.#offsetMs : this.#offsetAt(instant));
  }

  /** How far the clocks are ahead of UTC's at an instant, ms. */
  #offsetAt(instant: number): number {
    const quarter = Math.floor(instant / QUARTER_MS);
    const kept = this.#kept.get(quarter);
    if (kept !== undefined) return kept;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    const offset = this.#shownAt(quarter * QUARTER_MS) - quarter * QUARTER_MS;
    this.#kept.set(quarter, offset);
    return offset;
  }

  #shownAt(instant: number): number {
    const parts = new Map(this.#format?.formatToParts(instant).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
    const shown = new Date(0);
    shown.setUTCFullYear(year, number('month') - 1, number('day'));
    return shown.setUTCHours(number('hour'), number('minute'), number('second'));
  }
}

/** Whether a text names a time zone. */
export function isTimeZone(zone: string): boolean {
  if (zone === 'UTC') return true;
  const offset = offsetOf(zone);
  if (offset !== undefined) return Math.abs(offset) <= 14 * HOUR_MS;
  // A name goes into statements that set the time zone of a session.
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){1,2}$/.test(zone)) return false;
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

function offsetOf(zone: string): number | undefined {
  const [, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (sign === undefined) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * 60_000);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}
