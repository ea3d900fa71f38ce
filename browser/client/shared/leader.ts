import type { Following } from '@tidewall/browser-contracts/topic-reader';
import { TidewallError } from '@tidewall/protocol';
import type { Client } from '../client.ts';
import { type Announcement, type Request, stateOf, type TabChannel, type TabLocks } from './messages.ts';
import { callOn } from './tab-calls.ts';

export interface LeaderOptions {
  readonly client: Client;
  readonly channel: Pick<TabChannel, 'postMessage'>;
  readonly locks: TabLocks;
  /** The lock that a tab holds for as long as it lives. */
  lockOf(tab: string): string;
}

/** The tab that has the connection, at the service of the others: follows and asks for them until they are gone. */
export class Leader {
  readonly client: Client;
  readonly #options: LeaderOptions;
  /** Of each tab, what it follows. */
  readonly #tabs = new Map<string, Map<number, Following>>();
  readonly #endStatus: () => void;
  #over = false;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.client = options.client;
    this.#lead(true);
    this.#endStatus = this.client.onStatus(() => this.#lead(false));
  }

  take(request: Request): void {
    const followed = this.#followedBy(request.tab);
    switch (request.type) {
      case 'hello':
        this.#lead(false);
        break;
      case 'follow':
        followed.get(request.id)?.();
        followed.set(request.id, this.#follow(request));
        break;
      case 'configure':
        followed.get(request.id)?.configure({ rateHz: request.rateHz });
        break;
      case 'unfollow':
        followed.get(request.id)?.();
        followed.delete(request.id);
        break;
      case 'call':
        void this.#carryOut(request);
    }
  }

  close(): void {
    this.#over = true;
    this.#endStatus();
    for (const tab of [...this.#tabs.keys()]) this.#forget(tab);
    this.client.close();
  }

  #lead(first: boolean): void {
    this.#say({ type: 'leads', first, status: this.client.status, serverNow: this.client.serverNow() });
  }

  #follow({ tab, id, topic, options, pushes }: Request & { readonly type: 'follow' }): Following {
    if (pushes) {
      return this.client.watch(topic, options, (push, replica) =>
        this.#say({ type: 'pushed', to: tab, id, push, held: stateOf(replica) }),
      );
    }
    return this.client.follow(topic, options, (replica) =>
      this.#say({ type: 'held', to: tab, id, held: stateOf(replica), serverNow: this.client.serverNow() }),
    );
  }

  async #carryOut({ tab, id, call, args }: Request & { readonly type: 'call' }): Promise<void> {
    try {
      const value = await callOn(this.client, call, args);
      this.#say({ type: 'answer', to: tab, id, value });
    } catch (failure) {
      const error = failure instanceof TidewallError ? failure.toBody() : { message: String(failure) };
      this.#say({ type: 'refusal', to: tab, id, error });
    }
  }

  #followedBy(tab: string): Map<number, Following> {
    let followed = this.#tabs.get(tab);
    if (followed === undefined) {
      followed = new Map();
      this.#tabs.set(tab, followed);
      // A tab that is gone without a word lets its lock go.
      const gone = async () => this.#forget(tab);
      this.#options.locks.request(this.#options.lockOf(tab), {}, gone).catch(() => this.#forget(tab));
    }
    return followed;
  }

  #forget(tab: string): void {
    for (const following of this.#tabs.get(tab)?.values() ?? []) following();
    this.#tabs.delete(tab);
  }

  #say(announcement: Announcement): void {
    if (!this.#over) this.#options.channel.postMessage(announcement);
  }
}
