/** What a server takes from one client; these are what a native one takes unless it says otherwise. */
export interface CommandLimits {
  readonly commandsPerSecond: number;
  readonly commandBurst: number;
}
const ASSUMED: CommandLimits = { commandsPerSecond: 50, commandBurst: 100 };
/** The share of it that subscribing may use: publishing and heartbeats count there too. */
const SHARE = 0.8;

/** Keeps subscribing to hundreds of topics within what a server takes from one client (a leaky bucket). */
export class Pace {
  #next = Number.NEGATIVE_INFINITY;
  #burst = 0;
  #intervalMs = 0;

  constructor() {
    this.limit(ASSUMED);
  }

  limit({ commandsPerSecond, commandBurst }: CommandLimits): void {
    this.#burst = Math.max(1, Math.floor(commandBurst * SHARE));
    this.#intervalMs = 1000 / (commandsPerSecond * SHARE);
  }

  /** A new session has its full allowance. */
  restart(): void {
    this.#next = Number.NEGATIVE_INFINITY;
  }

  /** Books one command, and says how long it must wait; 0: it may go now. */
  book(now: number): number {
    this.#next = Math.max(this.#next, now - (this.#burst - 1) * this.#intervalMs);
    const waitMs = Math.max(0, this.#next - now);
    this.#next += this.#intervalMs;
    return waitMs;
  }
}
