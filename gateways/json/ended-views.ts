/** Who follows a view and asks again when the hub has ended it. */
export interface ViewFollower {
  again(view: number): void;
}

/**
 * Tells followers that the hub has ended their view, for wires that have no word for it: their clients would wait for
 * ever. The hub says it in a push, and pushes carry nothing of a session.
 */
export class EndedViews {
  readonly #followers = new Map<number, Set<ViewFollower>>();

  follow(view: number, follower: ViewFollower): void {
    const followers = this.#followers.get(view) ?? new Set();
    followers.add(follower);
    this.#followers.set(view, followers);
  }

  unfollow(view: number, follower: ViewFollower): void {
    const followers = this.#followers.get(view);
    followers?.delete(follower);
    if (followers?.size === 0) this.#followers.delete(view);
  }

  /** The view is about to end: its followers are told once it has. */
  ended(view: number): void {
    const followers = [...(this.#followers.get(view) ?? [])];
    queueMicrotask(() => {
      for (const follower of followers) follower.again(view);
    });
  }
}
