import type { Clock, JsonObject } from '@tidewall/base';
import type { Feed, HubPort, Log, Meter, Need, Principal, Store } from '@tidewall/contracts';
import type { TopicName } from '@tidewall/protocol';
import type { RateRefusal } from '../rates/rate-limits.ts';
import type { AuditEntry } from './audit-entry.ts';
import { AuditLog } from './audit-log.ts';

export interface AuditOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** The topic that tells what happens; whoever may see the audit may read it, and nobody publishes to it. */
export const AUDIT_TOPIC = '$audit' as TopicName;
const KEEP = { count: 10_000, bytes: 16 * 1024 * 1024, ageMs: 90 * 86_400_000 };
const MINUTE_MS = 60_000;
/** Different refusals a minute; what is over it is told as a number: whoever knocks cannot fill the disk. */
const MOST_REFUSALS = 300;

interface Refused {
  readonly entry: AuditEntry;
  times: number;
}

/** What was changed and by whom, and what was refused to whom: in the store, and as a topic. */
export class Audit {
  readonly #clock: Clock;
  readonly #log: AuditLog;
  readonly #refused = new Map<string, Refused>();
  #more = 0;
  #minuteEnds: (() => void) | undefined;
  #hub: HubPort | undefined;
  /** From the first entry on. */
  #feed: Promise<Feed | undefined> | undefined;

  private constructor(clock: Clock, log: AuditLog) {
    this.#clock = clock;
    this.#log = log;
  }

  static open({ clock, ...options }: AuditOptions): Audit {
    return new Audit(clock, new AuditLog(options));
  }

  /** From here on what happens is told as a topic, too. */
  tell(hub: HubPort): void {
    this.#hub = hub;
  }

  /** Something was done, or could not be. */
  note(entry: Omit<AuditEntry, 'at'>): void {
    this.#keep({ at: this.#clock.now(), ...entry });
  }

  /** Something was refused: told at once, and then once a minute with how often. */
  refused(entry: Omit<AuditEntry, 'at' | 'outcome'>): void {
    const key = `${entry.who} ${entry.address} ${entry.what} ${entry.on} ${entry.reason}`;
    const known = this.#refused.get(key);
    if (known !== undefined) {
      known.times++;
      return;
    }
    this.#minuteEnds ??= this.#clock.after(MINUTE_MS, () => this.#endMinute());
    if (this.#refused.size >= MOST_REFUSALS) {
      this.#more++;
      return;
    }
    const first: AuditEntry = { at: this.#clock.now(), ...entry, outcome: 'refused' };
    this.#refused.set(key, { entry: first, times: 0 });
    this.#keep(first);
  }

  /** What somebody was not allowed over any wire. */
  refusedNeed({ id }: Principal, { action, name }: Need): void {
    this.refused({ who: id, what: action, on: name, reason: 'permission_denied' });
  }

  /** Somebody has taken more than its share; `on` is of what. */
  refusedRate({ limit, caller, address }: RateRefusal): void {
    const from = address !== undefined && { address };
    this.refused({ who: caller ?? 'anybody', ...from, what: 'rate', on: limit, reason: 'too_many_requests' });
  }

  /** All that is kept, oldest first, in pieces of lines. */
  lines(): AsyncGenerator<string> {
    return this.#log.lines();
  }

  flushed(): Promise<void> {
    return this.#log.flushed();
  }

  async close(): Promise<void> {
    this.#minuteEnds?.();
    this.#endMinute();
    this.#hub = undefined;
    (await this.#feed)?.dispose();
    await this.#log.flushed();
  }

  #endMinute(): void {
    this.#minuteEnds = undefined;
    for (const { entry, times } of this.#refused.values()) {
      if (times > 0) this.#keep({ ...entry, at: this.#clock.now(), times });
    }
    this.#refused.clear();
    if (this.#more > 0) this.note({ who: 'anybody', what: 'other things', outcome: 'refused', times: this.#more });
    this.#more = 0;
  }

  #keep(entry: AuditEntry): void {
    this.#log.note(entry);
    this.#feed ??= this.#hub?.feed(AUDIT_TOPIC, 'audit', { kind: 'log', keep: KEEP }, () => {}).catch(() => undefined);
    // A topic that cannot be had is no reason to keep less: it is in the store all the same.
    void this.#feed?.then((feed) => feed?.publish('append', entry as unknown as JsonObject, entry.at)).catch(() => {});
  }
}
