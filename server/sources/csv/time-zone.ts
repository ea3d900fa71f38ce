import { offsetMinutesOf } from './wall-time.ts';

const DAY_MS = 86_400_000;
/** Clocks are set at whole quarters of an hour. */
const QUARTER_MS = 900_000;
/** Answers that are remembered; finding one takes microseconds. */
const MOST_REMEMBERED = 4_096;
const FIXED = /^[+-]\d\d:\d\d$/;

/** Whether there is a zone of that name: `Asia/Shanghai`, `UTC`, `+08:00`. */
export function isTimeZone(name: string): boolean {
  if (FIXED.test(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** How far the clocks of a place are ahead of Greenwich, at any time. */
export class TimeZone {
  readonly #fixed: number | undefined;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #offsets = new Map<number, number>();

  /** @param name of a zone, see `isTimeZone` */
  constructor(name: string) {
    if (name === 'UTC') this.#fixed = 0;
    else if (FIXED.test(name)) this.#fixed = offsetMinutesOf(name);
    else {
      const numbers = {
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
      } as const;
      this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', era: 'short', ...numbers });
    }
  }

  /** Minutes east of Greenwich. @param utcMs ms since 1970 */
  offsetMinutes(utcMs: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    const quarter = Math.floor(utcMs / QUARTER_MS);
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      offset = this.#find(quarter * QUARTER_MS);
      if (this.#offsets.size >= MOST_REMEMBERED) this.#offsets.clear();
      this.#offsets.set(quarter, offset);
    }
    return offset;
  }

  /**
   * ms since 1970 of what the wall shows. An hour that is there twice is the first one; one that is not there, because
   * the clocks were set on, is as much later.
   *
   * @param wallMs as if the wall were in Greenwich
   */
  utcOf(wallMs: number): number {
    if (this.#fixed !== undefined) return wallMs - this.#fixed * 60_000;
    const [before, after] = [this.offsetMinutes(wallMs - DAY_MS), this.offsetMinutes(wallMs + DAY_MS)];
    const early = wallMs - before * 60_000;
    const late = wallMs - after * 60_000;
    return this.offsetMinutes(early) !== before && this.offsetMinutes(late) === after ? late : early;
  }

  #find(utcMs: number): number {
    const parts = Object.fromEntries(this.#format?.formatToParts(utcMs).map(({ type, value }) => [type, value]) ?? []);
    const year = parts['era'] === 'BC' ? 1 - Number(parts['year']) : Number(parts['year']);
    const wall = new Date(0);
    wall.setUTCFullYear(year, Number(parts['month']) - 1, Number(parts['day']));
    wall.setUTCHours(Number(parts['hour']), Number(parts['minute']));
    return Math.round((wall.getTime() - utcMs) / 60_000);
  }
}
