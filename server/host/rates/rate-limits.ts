import type { Clock } from '@tidewall/base';
import type { Counter, Meter } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';
import { Allowances } from './allowances.ts';
import type { RateSettings, Shares } from './rate-settings.ts';
import { kindOfCaller, type Subjects } from './subjects.ts';

/** What is counted by the second. */
export type Rate = 'requests' | 'connects' | 'commands' | 'publishBytes';
/** What is counted while it lasts. */
export type Holding = 'connections' | 'subscriptions';

/** A refusal, as it is told to the audit. */
export interface RateRefusal extends Subjects {
  readonly limit: Rate | Holding;
}

export interface RateLimitsOptions {
  readonly settings: RateSettings;
  readonly clock: Clock;
  readonly meter: Meter;
  /** A secret of this process. */
  readonly seed: string;
  /** Is told of the first refusals of each minute, one for each subject and limit. */
  refused(refusal: RateRefusal): void;
}

type Side = 'perAddress' | 'perCaller';

interface RateOfSide {
  readonly side: Side;
  readonly allowances: Allowances;
}

/** The settings that each rate is made of, and how it is called. */
const RATES: Readonly<Record<Rate, { readonly perSecond: keyof Shares; readonly burst: keyof Shares; says: string }>> =
  {
    requests: { perSecond: 'requestsPerSecond', burst: 'requestBurst', says: 'requests a second' },
    connects: { perSecond: 'connectsPerSecond', burst: 'connectBurst', says: 'connects a second' },
    commands: { perSecond: 'commandsPerSecond', burst: 'commandBurst', says: 'commands a second' },
    publishBytes: { perSecond: 'publishBytesPerSecond', burst: 'publishBurstBytes', says: 'published bytes a second' },
  };
const SIDES: readonly Side[] = ['perAddress', 'perCaller'];
/** Nobody knows when somebody else lets go. */
const HOLDING_AFTER_MS = 10_000;
const MINUTE_MS = 60_000;
/** Subjects whose refusals are told in a minute; of all others only the metric tells. */
const MOST_TOLD = 50;

/**
 * How much one address and one caller may take of what the server can do. What is refused takes nothing: who slows down
 * is let in again at once, and who shares an address with somebody who does not has an allowance of its own besides.
 */
export class RateLimits {
  readonly #settings: RateSettings;
  readonly #clock: Clock;
  readonly #refusals: Counter;
  readonly #tell: RateLimitsOptions['refused'];
  readonly #rates: Readonly<Record<Rate, readonly RateOfSide[]>>;
  readonly #held: Readonly<Record<Holding, Map<string, number>>> = {
    connections: new Map(),
    subscriptions: new Map(),
  };
  readonly #told = new Set<string>();
  #minuteEndsAt = 0;

  constructor({ settings, clock, meter, seed, refused }: RateLimitsOptions) {
    this.#settings = settings;
    this.#clock = clock;
    this.#tell = refused;
    const help = 'Refused since an address or a caller took more than its share';
    this.#refusals = meter.counter('tidewall_rate_limited_total', help, ['limit', 'by']);
    const sides = (rate: Rate) =>
      SIDES.map((side): RateOfSide => {
        const { perSecond, burst } = RATES[rate];
        const { [perSecond]: mean, [burst]: most } = settings[side];
        const options = {
          perSecond: mean,
          burst: most,
          mostSubjects: settings.subjects,
          seed: `${seed}${rate}${side}`,
        };
        return { side, allowances: new Allowances(options) };
      });
    this.#rates = {
      requests: sides('requests'),
      connects: sides('connects'),
      commands: sides('commands'),
      publishBytes: sides('publishBytes'),
    };
    const all = Object.values(this.#rates).flat();
    meter.gauge('tidewall_rate_subjects', 'Addresses and callers that rate limits remember', () =>
      all.reduce((sum, { allowances }) => sum + allowances.size, 0),
    );
    meter.gauge('tidewall_rate_crowded', 'Rate limits that had more in debt than they remember one by one', () =>
      all.reduce((sum, { allowances }) => sum + (allowances.crowded ? 1 : 0), 0),
    );
  }

  /** Takes it from each of the subjects, or from none of them, and says why not. */
  take(rate: Rate, subjects: Subjects, cost = 1): TidewallError | undefined {
    const now = this.#clock.monotonic();
    for (const { side, allowances } of this.#rates[rate]) {
      const subject = subjectOf(subjects, side);
      if (subject === undefined) continue;
      const waitMs = allowances.waitMs(subject, cost, now);
      if (waitMs === 0) continue;
      const { perSecond, says } = RATES[rate];
      return this.#refuse(rate, side, subject, `${this.#settings[side][perSecond]} ${says}`, perSecond, waitMs);
    }
    for (const { side, allowances } of this.#rates[rate]) {
      const subject = subjectOf(subjects, side);
      if (subject !== undefined) allowances.take(subject, cost, now);
    }
    return undefined;
  }

  /** Counts one until what it returns is called, which may be twice; or counts none, and says why not. */
  hold(holding: Holding, subjects: Subjects): (() => void) | TidewallError {
    const held = this.#held[holding];
    const counted: string[] = [];
    for (const side of SIDES) {
      const subject = subjectOf(subjects, side);
      if (subject === undefined) continue;
      const most = this.#settings[side][holding];
      if ((held.get(subject) ?? 0) >= most) {
        return this.#refuse(holding, side, subject, `${most} ${holding} at once`, holding, HOLDING_AFTER_MS);
      }
      counted.push(subject);
    }
    for (const subject of counted) held.set(subject, (held.get(subject) ?? 0) + 1);
    return () => {
      for (const subject of counted.splice(0)) {
        const left = (held.get(subject) ?? 1) - 1;
        if (left === 0) held.delete(subject);
        else held.set(subject, left);
      }
    };
  }

  #refuse(
    limit: Rate | Holding,
    side: Side,
    subject: string,
    most: string,
    share: keyof Shares,
    waitMs: number,
  ): TidewallError {
    const by = side === 'perAddress' ? 'address' : kindOfCaller(subject);
    this.#refusals.add(1, { limit, by });
    this.#note({ limit, ...(side === 'perAddress' ? { address: subject } : { caller: subject }) });
    const setting = `rates.${side}.${share}`;
    const whose = side === 'perAddress' ? 'this address' : 'this caller';
    const message = `${whose} may have ${most} (${setting}); wait ${Math.ceil(waitMs / 1000)} s, or have it raised`;
    return new TidewallError('too_many_requests', message, {
      afterMs: Math.ceil(waitMs),
      detail: { limit, by, setting },
    });
  }

  #note(refusal: RateRefusal): void {
    const now = this.#clock.monotonic();
    if (now >= this.#minuteEndsAt) {
      this.#told.clear();
      this.#minuteEndsAt = now + MINUTE_MS;
    }
    const subject = `${refusal.limit} ${refusal.address ?? refusal.caller}`;
    if (this.#told.has(subject) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(subject);
    this.#tell(refusal);
  }
}

function subjectOf(subjects: Subjects, side: Side): string | undefined {
  return side === 'perAddress' ? subjects.address : subjects.caller;
}
