import type { Counter, Meter } from '@tidewall/contracts';

/** All that the sandbox counts. */
export class SandboxMetrics {
  /** By `kind`. */
  readonly calls: Counter;
  /** By `kind`. */
  readonly seconds: Counter;
  /** By `reason`. */
  readonly failures: Counter;
  readonly threads: Counter;

  constructor(meter: Meter, waiting: () => number) {
    this.calls = meter.counter('tidewall_sandbox_calls_total', 'Scripts and expressions that were run', ['kind']);
    this.seconds = meter.counter('tidewall_sandbox_seconds_total', 'Time that scripts and expressions took', ['kind']);
    this.failures = meter.counter('tidewall_sandbox_failures_total', 'Scripts and expressions that failed', ['reason']);
    this.threads = meter.counter('tidewall_sandbox_threads_total', 'Threads that were started to run scripts in');
    meter.gauge('tidewall_sandbox_waiting', 'Scripts and expressions that wait', waiting);
  }
}
