import type { Counter, Meter } from '@tidewall/contracts';

/** What the gauges read. */
export interface JournalReadings {
  bytes(): number;
  waitingBytes(): number;
  degraded(): boolean;
}

/** All that the journal counts. */
export class JournalMetrics {
  readonly records: Counter;
  readonly written: Counter;
  readonly failures: Counter;
  readonly cut: Counter;
  readonly damaged: Counter;
  /** How long the newest sync took. */
  syncSeconds = 0;
  /** Topics of which the newest checkpoint has less than is kept. */
  shortened = 0;

  constructor(meter: Meter, readings: JournalReadings) {
    this.records = meter.counter('tidewall_journal_records_total', 'Publications written to the journal');
    this.written = meter.counter(
      'tidewall_journal_written_bytes_total',
      'Bytes written to the journal, checkpoints included',
    );
    this.failures = meter.counter(
      'tidewall_journal_failures_total',
      'Times that the journal could not be written any more',
    );
    this.cut = meter.counter(
      'tidewall_journal_cut_bytes_total',
      'Bytes of writes that were cut short, found at the start',
    );
    this.damaged = meter.counter(
      'tidewall_journal_damaged_bytes_total',
      'Bytes of damage in the journal, found at the start',
    );
    meter.gauge('tidewall_journal_bytes', 'Size of the journal on the disk', () => readings.bytes());
    meter.gauge('tidewall_journal_waiting_bytes', 'Text that waits to be written', () => readings.waitingBytes());
    meter.gauge('tidewall_journal_degraded', '1 while topics live in memory alone', () =>
      readings.degraded() ? 1 : 0,
    );
    meter.gauge('tidewall_journal_sync_seconds', 'How long the newest sync to the disk took', () => this.syncSeconds);
    meter.gauge(
      'tidewall_journal_shortened_topics',
      'Topics of which less outlives a restart than is kept, since journal.maxBytes has no room for more',
      () => this.shortened,
    );
  }
}
