import { z } from 'zod';

const count = (least: number, most: number, fallback: number) => z.int().min(least).max(most).default(fallback);
const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_MS = 365 * DAY_MS;
/** What no part of a name is, and what topics of screens and of Redis begin with. */
const RESERVED = ['.', '..', 'screens', 'redis'];

/** What can be set of everything that comes in by other tools' protocols. */
export const ingestFields = {
  /** What the names of all its topics begin with. */
  prefix: z
    .string()
    .regex(
      /^[\p{L}\p{M}\p{N}._:@$-]{1,32}$/u,
      'must be one part of a topic name, of 1 to 32 letters, digits and . _ : @ $ -',
    )
    .refine((text) => !RESERVED.includes(text), `must not be one of ${RESERVED.join(', ')}`)
    .default('ingest'),
  /** A body as it is sent, and as it is once it is unpacked. */
  bodyBytes: count(1024, 256 * MEBIBYTE, 8 * MEBIBYTE),
  /** All bodies that are being read together. */
  waitingBytes: count(1024, 4096 * MEBIBYTE, 64 * MEBIBYTE),
  /** Series that are known; each is a topic. */
  series: count(1, 10_000_000, 5_000),
  /** Points that a series keeps, where nothing else is said of its topic. */
  points: count(1, 1_000_000, 360),
  /** Labels of one series. */
  labels: count(0, 1000, 64),
  /** Characters of the name of a measurement, a metric, a label or a field. */
  nameLength: count(1, 1000, 128),
  /** Characters of the value of a label, and of a text. */
  textLength: count(1, 65_536, 1024),
  /** A sample that is older than this is refused. */
  pastMs: count(MINUTE_MS, 100 * YEAR_MS, 7 * DAY_MS),
  /** A sample whose time is further ahead of this machine's clock is refused. */
  futureMs: count(0, 100 * YEAR_MS, 10 * MINUTE_MS),
  /** A series of which nothing has been heard for so long is let go, with its topic and its row; 0: none is. */
  idleMs: z.union([z.literal(0), z.int().min(MINUTE_MS).max(YEAR_MS)]).default(DAY_MS),
};

export const ingestSchema = z.strictObject(ingestFields);

export type IngestSettings = z.infer<typeof ingestSchema>;
