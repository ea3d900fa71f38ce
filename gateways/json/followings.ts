import type { Principal, Session, SubscribeRequest } from '@tidewall/contracts';
import { type PatternReply, type SubscribeReply, TidewallError } from '@tidewall/protocol';
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

  /**
   * Goes on as the same one. These wires have no word for what it may see no more.
   *
   * @throws TidewallError conflict when it is somebody else, or has other rights
   */
  renew(principal: Principal): void {
    if (rightsOf(principal) !== rightsOf(this.#session.principal)) {
      throw new TidewallError('conflict', 'who was let in here has other rights now; connect again');
    }
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

/** Equal where the same may be done. */
function rightsOf({ roles, rules = [] }: Principal): string {
  return JSON.stringify([[...roles].sort(), rules]);
}
