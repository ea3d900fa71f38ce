import type { GatewayContext } from '@tidewall/contracts';
import type { CloseName } from '@tidewall/protocol';
import { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
import { reconnectWindowMs } from './reconnect-window.ts';

/** One timer for all connections: their times to live are seconds and minutes. */
const SWEEP_MS = 1000;

/** One client of a gateway, as those who open and end all of them see it. */
export interface Connection {
  /** Takes nothing new; resolves when what is under way is done, or the connection has ended. */
  finish(): Promise<void>;
  /** Ends it with a word for its client. Again: does nothing. */
  close(name: CloseName, reason: string, afterMs?: readonly [number, number]): void;
  /** Ends it without a word. */
  cut(): void;
  /** Ends it when one of its times has run out; called about once a second. */
  sweep(): void;
}

/** The connections that a gateway has, from the first that comes to the last that goes. */
export class Connections {
  readonly metrics: GatewayMetrics;
  readonly #context: GatewayContext;
  readonly #open = new Set<Connection>();
  #cancelSweep: (() => void) | undefined;
  #window: readonly [number, number] | undefined;
  #emptied: (() => void) | undefined;

  /** @param kind a label of the metrics */
  constructor(context: GatewayContext, kind: string) {
    this.#context = context;
    this.metrics = createGatewayMetrics(context.meter, kind, () => this.#open.size);
  }

  /** There are as many as are allowed. */
  get full(): boolean {
    return this.#open.size >= this.#context.limits.sessions;
  }

  /** From `drain` on: when those who are sent away may come back. */
  get window(): readonly [number, number] | undefined {
    return this.#window;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
    this.#cancelSweep ??= this.#context.clock.after(SWEEP_MS, () => this.#sweep());
  }

  /** It is gone; may be called twice. */
  delete(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.metrics.flush();
    this.#emptied?.();
  }

  /** Sends everybody away, and resolves when all are gone, or time is up and all have been told. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#window = reconnectWindowMs(this.#open.size);
    for (const connection of this.#open) void connection.finish().then(() => this.#sendAway(connection));
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      const giveUp = () => {
        // Whose commands hang is told all the same; it may be gone before the word arrives.
        for (const connection of [...this.#open]) this.#sendAway(connection);
        resolve();
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Cuts what is left. */
  cut(): void {
    this.#window ??= reconnectWindowMs(this.#open.size);
    for (const connection of [...this.#open]) connection.cut();
  }

  #sendAway(connection: Connection): void {
    connection.close('shutdown', 'the server stops', this.#window);
  }

  #sweep(): void {
    this.#cancelSweep = this.#context.clock.after(SWEEP_MS, () => this.#sweep());
    for (const connection of [...this.#open]) connection.sweep();
    this.metrics.flush();
  }
}
