import type { RunningContender } from './contender.ts';
import type { Wire } from './wire.ts';

/** How many clients there are, and what they follow: client i the topics i·k, i·k+1 … modulo their number. */
export interface Audience {
  readonly clients: number;
  readonly topics?: number;
  readonly topicsPerClient?: number;
  /** How many addresses of 127/8 the clients come from: each has some 28,000 ports. */
  readonly addresses?: number;
}

export interface LoadOptions extends Audience {
  readonly wire: Wire;
  readonly server: RunningContender;
  /** What is published, with its number in it. */
  readonly payload: string;
}

/** One measurement. Exactly one of the first three says when the next publication leaves. */
export interface RunOptions {
  /** So many are under way: the next leaves when every client has the one so many before it. */
  readonly inFlight?: number;
  /** So many at once, and the next when every client has all of them. */
  readonly burst?: number;
  /** So many a second, evenly spaced, whatever has arrived. */
  readonly rate?: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The first so many clients read nothing while it is measured. */
  readonly stallClients?: number;
}

export interface RunResult {
  readonly seconds: number;
  readonly publications: number;
  readonly deliveries: number;
  /** Processor time of the server, all its processes. */
  readonly cpuNs: number;
  /** How much of it the kernel used. */
  readonly systemShare: number;
  readonly clientCpuNs: number;
  /** From when a publication left, or should have, to each client that reads. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly wireBytes: number;
  readonly frames: number;
  /** Deliveries that were under way when measuring ended. */
  readonly behind: number;
  /** Publications that a client that reads never got, or got again. */
  readonly lost: number;
  readonly doubled: number;
  /** Clients that the server closed, those that stall left out. */
  readonly closed: number;
  /** Nothing came for ten seconds. */
  readonly stuck: boolean;
  readonly residentBeforeKb: number;
  readonly residentPeakKb: number;
  /** Cores that others than server and clients have kept busy meanwhile. */
  readonly othersCores: number;
  readonly stalled: {
    readonly received: number;
    readonly missed: number;
    readonly doubled: number;
    readonly closed: number;
  };
}

export interface ReconnectResult {
  /** From the first connection to the last publication of the last client. */
  readonly ms: number;
  readonly clients: number;
  /** Clients that have got everything. */
  readonly recovered: number;
  /** Publications that each had missed. */
  readonly each: number;
  readonly deliveries: number;
  readonly lost: number;
  readonly doubled: number;
  readonly closed: number;
  readonly cpuNs: number;
  readonly residentBeforeKb: number;
  readonly residentPeakKb: number;
}

/** Clients of one server, for as long as it is measured. */
export interface LoadClient {
  /** Connects all clients and the publisher, and waits until nothing more is said. */
  connect(): Promise<{ readonly ms: number }>;
  run(options: RunOptions): Promise<RunResult>;
  /** Publishes so many at once and waits until they have arrived where somebody listens. */
  publish(count: number): Promise<{ readonly missing: number }>;
  /** Cuts all connections but the publisher's. */
  cut(): Promise<{ readonly residentKb: number }>;
  /** All clients come back at once and recover what was published since. */
  reconnect(): Promise<ReconnectResult>;
  close(): Promise<void>;
}
