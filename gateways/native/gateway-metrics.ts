import type { Meter } from '@tidewall/contracts';
import { CLOSE_CODES } from '@tidewall/protocol';

/** What a gateway counts, under the names that all gateways share. */
export interface GatewayMetrics {
  /** Frames and bytes are added up here, since a counter's labels cost more than the write that they would count. */
  readonly tally: { framesReceived: number; bytesWritten: number };
  /** @param reason from a fixed set: what a peer sends must never become a label */
  rejected(reason: string): void;
  closed(code: number): void;
  /** Moves what was added up into the counters; its owner calls it about once a second. */
  flush(): void;
}

// Ours, and those of RFC 6455. All others share a label, since a peer may end with thousands of different ones.
const NAMED_CODES: ReadonlySet<number> = new Set([
  ...Object.values(CLOSE_CODES).map((row) => row.code),
  ...[1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011],
]);

/** The metrics of one gateway; `connections` is read at each scrape. */
export function createGatewayMetrics(meter: Meter, gateway: string, connections: () => number): GatewayMetrics {
  const labels = { gateway };
  meter.gauges('tidewall_gateway_connections', 'Connections that are open now.', ['gateway'], () => [
    [labels, connections()],
  ]);
  const received = meter.counter('tidewall_frames_received_total', 'Text frames received.', ['gateway']);
  const rejected = meter.counter('tidewall_frames_rejected_total', 'Frames and commands refused.', [
    'gateway',
    'reason',
  ]);
  const bytes = meter.counter('tidewall_bytes_written_total', 'Bytes handed to sockets.', ['gateway']);
  const closes = meter.counter('tidewall_closes_total', 'Connections that ended.', ['gateway', 'code']);
  const tally = { framesReceived: 0, bytesWritten: 0 };

  return {
    tally,
    rejected: (reason) => rejected.add(1, { gateway, reason }),
    closed: (code) => closes.add(1, { gateway, code: NAMED_CODES.has(code) ? String(code) : 'other' }),
    flush: () => {
      if (tally.framesReceived > 0) received.add(tally.framesReceived, labels);
      if (tally.bytesWritten > 0) bytes.add(tally.bytesWritten, labels);
      tally.framesReceived = 0;
      tally.bytesWritten = 0;
    },
  };
}
