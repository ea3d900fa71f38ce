import { z } from 'zod';

const MOST = 1_000_000_000;
const number = (fallback: number) => z.int().min(1).max(MOST).default(fallback);
const bytes = (fallback: number) =>
  z
    .int()
    .min(1024)
    .max(1024 ** 4)
    .default(fallback);
const MEBIBYTE = 1024 * 1024;

/**
 * What one address may do, and what one key, user or token may. The defaults are for a hall of thousands of screens behind
 * one address that all come back at once, and still leave something for everybody else.
 */
const shares = {
  /** Calls of the API, and requests of sessions that there are. */
  requestsPerSecond: number(5000),
  requestBurst: number(50_000),
  /** WebSockets, streams and requests that begin something at a gateway. */
  connectsPerSecond: number(1000),
  connectBurst: number(20_000),
  /** What is asked of topics, over every wire: subscribe, publish, history, presence, read. */
  commandsPerSecond: number(10_000),
  commandBurst: number(100_000),
  /** JSON of publications, and bodies of measurements. */
  publishBytesPerSecond: bytes(32 * MEBIBYTE),
  publishBurstBytes: bytes(256 * MEBIBYTE),
  /** WebSockets and streams that are open at once. */
  connections: number(8000),
  /** Topics and patterns that are followed at once. */
  subscriptions: number(250_000),
};

/** How much one of many may take of what the server can do. */
export const rateSchema = z.strictObject({
  perAddress: z.strictObject(shares).prefault({}),
  perCaller: z.strictObject(shares).prefault({}),
  /** Addresses, and callers, that each limit remembers one by one while they are in debt. */
  subjects: z.int().min(16).max(10_000_000).default(50_000),
});

export type RateSettings = z.infer<typeof rateSchema>;
export type Shares = RateSettings['perAddress'];
