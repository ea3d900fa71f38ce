import type { Principal, Session, SubscribeRequest } from '@tidewall/contracts';
import type { PatternReply, SubscribeReply } from '@tidewall/protocol';
import type { EndedViews, ViewFollower } from './ended-views.ts';

/** What one session follows on a wire that has no word for the end of a subscription: it is asked for again. */
export class Followings implements ViewFollower {
  readonly #session: Session;
  readonly #endedViews: EndedViews;
  readonly #failed: (failure: unknown) => void;
  /** By the number of the view. */
  readonly #requests = new Map<number, SubscribeRequest>();
  #ended = false;

  /** @param failed called when what was followed cannot be any more */
  constructor(session: Session, endedViews: EndedViews, failed: (failure: unknown) => void) {
    this.#session = session;
    this.#endedViews = endedViews;
    this.#failed = failed;
  }

  /** Undefined: the session has ended meanwhile. @throws TidewallError as `Session.subscribe` does */
  async follow(request: SubscribeRequest): Promise<SubscribeReply | PatternReply | undefined> {
    let reply: SubscribeReply | PatternReply | undefined;
    await this.#session.subscribe(request, (accepted) => {
      reply = accepted;
      this.#requests.set(accepted.topic, request);
      this.#endedViews.follow(accepted.topic, this);
    });
    return reply;
  }

  again(view: number): void {
    const request = this.#requests.get(view);
    if (request === undefined || this.#ended) return;
    this.#requests.delete(view);
    this.#endedViews.unfollow(view, this);
    this.follow(request).catch(this.#failed);
  }

  /** @throws TidewallError conflict, as `Session.renew` does */
  renew(principal: Principal): void {
    this.#session.renew(principal);
  }

  drained(): void {
    this.#session.drained();
  }

  end(): void {
    this.#ended = true;
    for (const view of this.#requests.keys()) this.#endedViews.unfollow(view, this);
    this.#session.end();
  }
}
