import { z } from 'zod';

const HOUR_MS = 3_600_000;

/** What can be set for the gateway, under `gateways.tcv`. */
export const tcvSettings = z.strictObject({
  /** A connection without a valid Connect by then is closed. */
  connectTimeoutMs: z.int().min(10).max(HOUR_MS).default(10_000),
  /** The interval that the clients' data source is set to; a client that is silent for 10 s longer is closed. */
  heartbeatMs: z.int().min(10).max(HOUR_MS).default(31_000),
  /** How far the clock of a client may be off, to either side. */
  skewMs: z.int().min(1000).max(HOUR_MS).default(300_000),
});

export type TcvSettings = z.infer<typeof tcvSettings>;

/** How long a client waits for an answer, and we for its question. */
export const TCV_GRACE_MS = 10_000;
