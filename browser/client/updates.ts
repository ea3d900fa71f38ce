import type { JsonValue } from '@tidewall/base';
import type { FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { PushFrame } from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';
import type { Client } from './client.ts';

/** What has come of a topic. */
export interface Update<Value> {
  readonly topic: string;
  /** What a `state`, `table` or `series` holds now; one entry of a `log`, one call of a `signal`. */
  readonly value: Value;
  /** Publications of a `log` or `signal` before this one that you will not get: lost on the way, or too many that waited. */
  readonly lost: number;
}

/** What is used of an `AbortSignal`, which every platform has and no library file of ours knows. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', run: () => void, options: { readonly once: true }): void;
  removeEventListener(type: 'abort', run: () => void): void;
}

export interface UpdateOptions extends FollowOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignalLike;
  /** How many entries may wait for you before the oldest are dropped; 1,024 when absent. */
  readonly buffer?: number;
}

type Followed = Pick<Client, 'follow' | 'watch' | 'onStatus'>;

/** The loop that waits. */
interface Waiting<Value> {
  resolve(result: IteratorResult<Update<Value>, undefined>): void;
  reject(failure: Error): void;
}

/**
 * A topic, or a pattern, as `for await` takes it. Every entry of a `log` and every call of a `signal` comes, in order; of the
 * other kinds the newest, since that is what counts when the loop comes round. Follows from the first `next` until the
 * loop ends, the signal aborts or the client is closed. Throws what the server refuses it with.
 *
 * `Value` is what you know the topic to hold: nothing checks it.
 */
export function updates<Value = JsonValue | TimeColumns>(
  client: Followed,
  topic: string,
  { signal, buffer = 1024, ...options }: UpdateOptions = {},
): AsyncIterableIterator<Update<Value>, undefined> {
  const entries: Update<Value>[] = [];
  /** Topics whose newest value nobody has had, in the order in which they changed. */
  const changed = new Map<string, TopicReplica>();
  const lostBefore = new Map<string, number>();
  let dropped = 0;
  let failure: Error | undefined;
  let waiting: Waiting<Value> | undefined;
  let end: (() => void) | undefined;
  let over = false;

  function finish(): void {
    over = true;
    end?.();
    const waits = waiting;
    waiting = undefined;
    if (failure === undefined) waits?.resolve({ done: true, value: undefined });
    else if (waits) throwTo(waits, failure);
  }

  /** Once: after it the iteration is over. */
  function throwTo({ reject }: Waiting<Value>, thrown: Error): void {
    failure = undefined;
    reject(thrown);
  }

  function wake(): void {
    if (waiting === undefined) return;
    const update = take();
    if (update === undefined) return;
    waiting.resolve({ done: false, value: update });
    waiting = undefined;
  }

  function take(): Update<Value> | undefined {
    const entry = entries.shift();
    if (entry !== undefined) {
      const lost = entry.lost + dropped;
      dropped = 0;
      return { ...entry, lost };
    }
    for (const [name, replica] of changed) {
      changed.delete(name);
      const value = replica.value();
      if (value !== undefined) return { topic: name, value: value as Value, lost: 0 };
    }
    return undefined;
  }

  /** Each push: entries and calls count one by one. */
  function pushed({ d, r }: PushFrame, replica: TopicReplica): void {
    const { kind, topic: name } = replica;
    if ((kind !== 'log' && kind !== 'signal') || d === undefined) return;
    // Another tab that took over counts from nothing.
    const lost = Math.max(0, replica.lost - (lostBefore.get(name) ?? 0));
    lostBefore.set(name, replica.lost);
    const came = r === 1 && Array.isArray(d) ? d : [d];
    for (const [i, value] of came.entries())
      entries.push({ topic: name, value: value as Value, lost: i === 0 ? lost : 0 });
    while (entries.length > buffer) dropped += 1 + (entries.shift()?.lost ?? 0);
    wake();
  }

  /** Of the other kinds, and of refusals, the newest. */
  function held(replica: TopicReplica): void {
    const { kind, topic: name, refused } = replica;
    if (refused) {
      failure = Object.assign(new Error(refused.message), { name: refused.name });
      finish();
    } else if (kind !== 'log' && kind !== 'signal') {
      changed.set(name, replica);
      wake();
    }
  }

  function begin(): void {
    const unwatch = client.watch(topic, options, pushed);
    const unfollow = client.follow(topic, options, held);
    const stop = client.onStatus((status) => {
      if (status.type === 'closed') finish();
    });
    signal?.addEventListener('abort', finish, { once: true });
    end = () => {
      end = undefined;
      unwatch();
      unfollow();
      stop();
      signal?.removeEventListener('abort', finish);
    };
    if (over || signal?.aborted) finish();
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      if (!over && end === undefined) begin();
      const update = take();
      if (update !== undefined) return Promise.resolve({ done: false, value: update });
      return new Promise((resolve, reject) => {
        if (failure !== undefined) throwTo({ resolve, reject }, failure);
        else if (over) resolve({ done: true, value: undefined });
        else waiting = { resolve, reject };
      });
    },
    return() {
      finish();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
