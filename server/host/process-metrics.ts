import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Disposable } from '@tidewall/base';
import type { Meter } from '@tidewall/contracts';

const NANOSECONDS = 1e9;

/**
 * Counts what this process costs, under the names that Prometheus' dashboards expect.
 *
 * prom-client's own set is not used: it starts observers that nothing can stop.
 */
export function measureProcess(meter: Meter, version: string): Disposable {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const memory = (read: (usage: NodeJS.MemoryUsage) => number) => () => read(process.memoryUsage());
  meter.gauge(
    'process_resident_memory_bytes',
    'Memory of the process',
    memory((usage) => usage.rss),
  );
  meter.gauge(
    'nodejs_heap_size_used_bytes',
    'Heap in use',
    memory((usage) => usage.heapUsed),
  );
  meter.gauge(
    'nodejs_external_memory_bytes',
    'Memory outside the heap',
    memory((usage) => usage.external),
  );
  meter.gauge('process_cpu_seconds_total', 'CPU time used', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const startedAt = Date.now() / 1000 - process.uptime();
  meter.gauge('process_start_time_seconds', 'When the process started, since 1970', () => startedAt);
  meter.gauges('nodejs_eventloop_lag_seconds', 'Delay of the event loop since the last scrape', ['quantile'], () => {
    const quantiles = [50, 90, 99].map((p): [Record<string, string>, number] => [
      { quantile: String(p / 100) },
      delay.percentile(p) / NANOSECONDS,
    ]);
    delay.reset();
    return quantiles;
  });
  meter.gauges('tidewall_build', 'What runs here', ['version', 'node_version'], () => [
    [{ version, node_version: process.version }, 1],
  ]);
  return { dispose: () => delay.disable() };
}
