import type { TopicReplica } from '@tidewall/browser-contracts';

/**
 * Knows for how long a topic has brought nothing new, by the page's own clock: the timestamps of a source whose clock
 * is wrong say nothing of whether it is alive. Only what comes after a break is as old as its timestamps say, since
 * coming late does not make it new.
 */
export class Receipt {
  #newestAt: number | undefined;
  #revision = 0;
  #asOf = 0;
  #catchingUp = true;

  /** The link is back: what comes now was published some time ago. */
  catchUp(): void {
    this.#catchingUp = true;
  }

  /**
   * Takes note of what a topic holds now.
   *
   * @param now ms that never jump back
   * @param serverNow ms since 1970 on the server's clock
   */
  note({ revision, asOf }: TopicReplica, now: number, serverNow: number): void {
    if (revision === this.#revision) return;
    if (!this.#catchingUp) this.#newestAt = now;
    else if (this.#newestAt === undefined) this.#newestAt = now - Math.max(0, serverNow - asOf);
    // The source's own clock tells how much later than the one before it this was.
    else this.#newestAt = Math.min(now, this.#newestAt + Math.max(0, asOf - this.#asOf));
    this.#revision = revision;
    this.#asOf = asOf;
    this.#catchingUp = false;
  }

  /** So much of the silence is not the topic's: it was not asked for more. */
  excuse(ms: number, now: number): void {
    if (this.#newestAt !== undefined) this.#newestAt = Math.min(now, this.#newestAt + ms);
  }

  /** Since the newest came; 0 when there was none. */
  silentMs(now: number): number {
    return this.#newestAt === undefined ? 0 : Math.max(0, now - this.#newestAt);
  }
}
