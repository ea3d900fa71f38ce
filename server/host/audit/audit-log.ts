import type { Counter, Log, Meter, Store } from '@tidewall/contracts';
import { AUDIT_LOG } from '../store/collections.ts';
import type { AuditEntry } from './audit-entry.ts';

export interface AuditLogOptions {
  readonly store: Store;
  readonly log: Log;
  readonly meter: Meter;
  /** What is over it lets the oldest go. */
  readonly keepBytes?: number;
}

/** Half a million entries and more. */
export const AUDIT_BYTES = 256 * 1024 * 1024;
/** Entries that wait for the disk; more are not written, which is counted. */
const MOST_WAITING = 10_000;
/** Read of the store at a time. */
const AT_A_TIME = 1000;

/**
 * Keeps entries in order, 256 MiB of them unless it is said otherwise. What was noted has reached the disk within a moment;
 * noting never waits and never fails.
 */
export class AuditLog {
  readonly #options: Required<AuditLogOptions>;
  readonly #lost: Counter;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #broken = false;

  constructor(options: AuditLogOptions) {
    this.#options = { keepBytes: AUDIT_BYTES, ...options };
    this.#lost = options.meter.counter('tidewall_audit_lost_total', 'Entries of the audit that could not be kept');
  }

  note(entry: AuditEntry): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lost.add(1);
      return;
    }
    this.#waiting.push(entry);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** All that is kept, oldest first, in pieces of lines. */
  async *lines(): AsyncGenerator<string> {
    await this.flushed();
    let after = 0;
    for (;;) {
      const entries = await this.#options.store.readLog(AUDIT_LOG, after, AT_A_TIME);
      const last = entries.at(-1);
      if (last === undefined) return;
      after = last.place;
      yield entries.map(({ text }) => `${text}\n`).join('');
    }
  }

  /** Resolves when what was noted so far is on the disk, or could not be kept. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    const { store, log, keepBytes } = this.#options;
    // In the turn after: what one request notes is written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const entries = this.#waiting;
      this.#waiting = [];
      try {
        await store.append(
          AUDIT_LOG,
          entries.map((entry) => JSON.stringify(entry)),
          keepBytes,
        );
        if (this.#broken) log.info({}, 'the audit is kept again');
        this.#broken = false;
      } catch (failure) {
        this.#lost.add(entries.length);
        if (!this.#broken) log.error({ err: failure }, 'the audit cannot be kept: what happens now is lost to it');
        this.#broken = true;
      }
    }
  }
}
