import { isIP } from 'node:net';
import { ruleSchema } from '@tidewall/access';
import { issuerSchema, providerSchema } from '@tidewall/auth';
import { ingestSchema } from '@tidewall/ingest';
import { parseAddressList } from '@tidewall/outgoing';
import { DEFAULT_LIMITS, type Limits } from '@tidewall/protocol';
import { SLUG } from '@tidewall/screen/schema';
import { redisUrlField } from '@tidewall/sources';
import { z } from 'zod';
import { rateSchema } from './rates/rate-settings.ts';
import { topicSettingsSchema } from './topics/topic-settings-schema.ts';
import { passwordSchema } from './users/user.ts';

/** Everything that can be set, with its default. One schema gives the type, the checks and the reference. */
const bytes = (least: number, fallback: number) =>
  z
    .int()
    .min(least)
    .max(1024 ** 3)
    .default(fallback);
const ms = (least: number, most: number, fallback: number) => z.int().min(least).max(most).default(fallback);
const count = (least: number, most: number, fallback: number) => z.int().min(least).max(most).default(fallback);
const HOUR_MS = 3_600_000;

const limits = {
  frameBytes: bytes(1024, DEFAULT_LIMITS.frameBytes),
  publicationBytes: bytes(64, DEFAULT_LIMITS.publicationBytes),
  subscriptionsPerSession: count(1, 100_000, DEFAULT_LIMITS.subscriptionsPerSession),
  commandsPerSecond: count(1, 1_000_000, DEFAULT_LIMITS.commandsPerSecond),
  commandBurst: count(1, 1_000_000, DEFAULT_LIMITS.commandBurst),
  connectTimeoutMs: ms(10, HOUR_MS, DEFAULT_LIMITS.connectTimeoutMs),
  pingMs: ms(10, HOUR_MS, DEFAULT_LIMITS.pingMs),
  deadMs: ms(10, HOUR_MS, DEFAULT_LIMITS.deadMs),
  highWaterBytes: bytes(1024, DEFAULT_LIMITS.highWaterBytes),
  noProgressMs: ms(10, HOUR_MS, DEFAULT_LIMITS.noProgressMs),
  sessions: count(1, 10_000_000, DEFAULT_LIMITS.sessions),
  topics: count(1, 10_000_000, DEFAULT_LIMITS.topics),
  tableRows: count(1, 10_000_000, DEFAULT_LIMITS.tableRows),
  tableBytes: bytes(1024, DEFAULT_LIMITS.tableBytes),
  seriesColumns: count(2, 10_000, DEFAULT_LIMITS.seriesColumns),
  historyEntries: count(1, 100_000, DEFAULT_LIMITS.historyEntries),
  flushWindowMs: ms(0, 1000, DEFAULT_LIMITS.flushWindowMs),
  viewsPerTopic: count(1, 1_000_000, DEFAULT_LIMITS.viewsPerTopic),
  patternsPerSession: count(0, 10_000, DEFAULT_LIMITS.patternsPerSession),
  presenceMembers: count(0, 100_000, DEFAULT_LIMITS.presenceMembers),
  publicationKeys: count(0, 1_000_000, DEFAULT_LIMITS.publicationKeys),
  compressBytes: z
    .int()
    .min(0)
    .max(1024 ** 3)
    .default(DEFAULT_LIMITS.compressBytes),
  lingerMs: ms(0, HOUR_MS, DEFAULT_LIMITS.lingerMs),
} satisfies Record<keyof Limits, z.ZodType<number>>;

/** Bounds of one HTTP connection; a client that goes past one is answered and cut. */
const http = {
  /** A whole request must have arrived by then. */
  requestTimeoutMs: ms(100, HOUR_MS, 15_000),
  headersTimeoutMs: ms(100, HOUR_MS, 5_000),
  /** A connection on which nothing moves for this long is closed. */
  connectionTimeoutMs: ms(100, HOUR_MS, 30_000),
  /** The body of `POST /api/publish`. */
  bodyBytes: bytes(1024, 1024 * 1024),
  /** An uploaded file. */
  fileBytes: bytes(1024, 256 * 1024 * 1024),
  /** Of one request: its address, and what an `EventSource` says where it is, among others. */
  headerBytes: bytes(1024, 32 * 1024),
  headerCount: count(8, 1000, 100),
  connections: count(1, 10_000_000, 20_000),
  /** Requests at once on one connection of HTTP/2, streams that go on among them. */
  streams: count(1, 10_000, 100),
};

const MEBIBYTE = 1024 * 1024;

/** What outlives the process, when the broker is the journal. */
const journal = {
  /** When what was told must have reached the disk; it matters only when the machine itself stops. */
  sync: z.enum(['interval', 'always']).default('interval'),
  maxBytes: z
    .int()
    .min(16 * MEBIBYTE)
    .max(4096 * MEBIBYTE)
    .default(256 * MEBIBYTE),
  /** A write that takes longer is not waited for. */
  stallMs: ms(100, HOUR_MS, 2000),
};

/** What is shown to those who connect: files in PEM, looked at again when they change. */
const tls = z.strictObject({ cert: z.string().min(1), key: z.string().min(1) });

const reachable = z
  .string()
  .refine(isReachable, { error: 'must be a host name, an address or a network like 10.0.0.0/8' });

const network = z.string().refine((text) => isReachable(text) && isIP(text.split('/')[0] ?? '') !== 0, {
  error: 'must be an address or a network like 10.0.0.0/8',
});

/** It stands in an address, and in the name of a variable. */
const PROVIDER_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** A source: its kind, and whatever that kind's own schema takes. */
const sourceSchema = z.looseObject({ kind: z.string().min(1) });

const origin = z.string().refine((text) => text === '*' || text === 'null' || isOrigin(text), {
  error: ({ input }) => originDemand(String(input)),
});

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const configSchema = z.strictObject({
  /** 0 takes any free port. */
  port: z.int().min(0).max(65_535).default(7070),
  /** The address to listen on; `localhost` is for this machine alone, `0.0.0.0` for everybody who reaches it. */
  host: z.string().min(1).max(255).default('localhost'),
  dataDir: z.string().min(1).default('./data'),
  /** What keys are sealed with at rest; made once, in `<dataDir>/secret.key`, when absent. */
  secret: z.string().min(32).max(4096).optional(),
  /** Folder of screen documents; `<dataDir>/screens` when absent. */
  screens: z.string().min(1).optional(),
  /** Ids of screens whose documents are elsewhere: their elements take any data; `*` is every id not known here. */
  foreignScreens: z
    .array(z.string().refine((id) => id === '*' || SLUG.test(id), { error: `must match ${SLUG.source}, or be *` }))
    .max(1000)
    .default([]),
  /** Whether the demo's sources and screens are there too. */
  demo: z.boolean().default(true),
  /** The name of this process in replies and logs. */
  node: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .default('tidewall'),
  logLevel: z.enum(LOG_LEVELS).default('info'),
  /** Pages of these origins may use the API and the gateways; `*` means every page. */
  allowedOrigins: z.array(origin).max(1000).default([]),
  /** Names that this server is reached by, beside `localhost`. */
  allowedHosts: z.array(z.string().min(1).max(255)).max(1000).default([]),
  /** Where publications are ordered and kept: on the disk too, or in memory alone. */
  broker: z.enum(['journal', 'memory']).default('journal'),
  journal: z.strictObject(journal).prefault({}),
  limits: z.strictObject(limits).prefault({}),
  http: z.strictObject(http).prefault({}),
  /** How much one of many may take: an address, and a key, user or token. */
  rates: rateSchema.prefault({}),
  /**
   * `open`: whoever reaches the server may do all that has to do with data. `closed`: only what the rules allow. `auto`:
   * open as long as it listens to this machine alone.
   */
  access: z.enum(['auto', 'open', 'closed']).default('auto'),
  /** Who may do what, in place of what the built-in roles may; an admin may do everything all the same. */
  rules: z.array(ruleSchema).max(10_000).optional(),
  /** How long a user stays signed in who does not come. */
  sessionHours: z.int().min(1).max(8760).default(720),
  /** Of the user `admin`, who is made or given it at the start. */
  adminPassword: passwordSchema.optional(),
  /** Who signs tokens (JWT) that let in, by a name of your own. */
  tokens: z.record(z.string().regex(SLUG, `an issuer's name must match ${SLUG}`), issuerSchema).default({}),
  /** Providers (OpenID Connect) whose people may sign in here, by a name of your own. */
  oidc: z
    .record(z.string().regex(PROVIDER_NAME, `a provider's name must match ${PROVIDER_NAME.source}`), providerSchema)
    .refine((providers) => Object.keys(providers).length <= 16, { error: 'must have 16 providers at most' })
    .default({}),
  /** The address that browsers know this server by; where it listens, when absent and it listens to this machine alone. */
  publicUrl: z
    .string()
    .refine((text) => isOrigin(text) && /^https?:/.test(text), {
      error: ({ input }) => originDemand(String(input)),
    })
    .optional(),
  /** Whether people may sign in by a name and a password, too. */
  passwords: z.boolean().default(true),
  /** Measurements that come in by the protocols of other tools. */
  ingest: ingestSchema.prefault({}),
  /** Addresses and networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  trustedProxies: z.array(network).max(1000).default([]),
  /** Absent: plain HTTP, as behind a proxy that ends TLS. */
  tls: tls.optional(),
  /** Where sources may go beside public addresses: names, addresses, networks like `10.0.0.0/8`. */
  outgoing: z.strictObject({ allow: z.array(reachable).max(1000).default([]) }).prefault({}),
  /** A Redis server, each of whose channels is the topic `redis/<channel>`. */
  redis: redisUrlField.optional(),
  /** Ports that a gateway has to itself, with every path, by its kind: for clients that know a host and a port alone. */
  listen: z.record(z.string(), z.int().min(0).max(65_535)).default({}),
  /** Settings of gateways, by their kind; each has a schema of its own. */
  gateways: z.record(z.string(), z.looseObject({})).default({}),
  /** What is said of topics by name. The first pattern of the list that matches counts. */
  topics: z.array(topicSettingsSchema).max(10_000).default([]),
  sources: z.record(z.string().regex(SLUG, `a source's name must match ${SLUG}`), sourceSchema).default({}),
});

export type Config = z.infer<typeof configSchema>;
export type HttpLimits = Config['http'];

function isReachable(text: string): boolean {
  try {
    parseAddressList([text]);
    return true;
  } catch {
    return false;
  }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Names the origin that was meant, where the text has one: most paste an address with its path. */
function originDemand(text: string): string {
  const meant = URL.canParse(text) ? new URL(text).origin : 'null';
  const cure = meant === 'null' ? 'like https://hall.example:8443' : `like ${meant}`;
  return `must be an origin ${cure}, without a path`;
}
