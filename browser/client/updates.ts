import type { JsonValue } from '@tidewall/base';
import type { FollowOptions, TopicReplica } from '@tidewall/browser-contracts/topic-reader';
import type { PushFrame, Since } from '@tidewall/protocol';
import type { TimeColumns } from '@tidewall/screen';
import type { Client } from './client.ts';
import { placeAfter } from './place-after.ts';

export { placeAfter } from './place-after.ts';

/** What has come of a topic. */
export interface Update<Value> {
  readonly topic: string;
  /** What a `state`, `table` or `series` holds now; one entry of a `log`, one call of a `signal`. */
  readonly value: Value;
  /** Publications of a `log` or `signal` before this one that you will not get: lost on the way, or too many that waited. */
  readonly lost: number;
  /** Of an entry of a `log`: what you save once you are through with it, to go on behind it with `since`. */
  readonly position: Since | undefined;
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
  /** Where each log has been told, and how many of its entries nobody can have any more. */
  const places = new Map<string, Since>(options.since && [[topic, options.since]]);
  const missing = new Map<string, number>();
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
      if (value !== undefined) return { topic: name, value: value as Value, lost: 0, position: undefined };
    }
    return undefined;
  }

  /** Each push: entries and calls count one by one. */
  function pushed(push: PushFrame, replica: TopicReplica): void {
    const { d, r } = push;
    const { kind, topic: name } = replica;
    if (kind !== 'log' && kind !== 'signal') return;
    const came = r === 1 && Array.isArray(d) ? d : d === undefined ? [] : [d];
    const position = kind === 'log' ? placeAfter(push, replica) : undefined;
    if (position) {
      missing.set(name, (missing.get(name) ?? 0) + missedBefore(push, came.length, position, places.get(name)));
      places.set(name, position);
    }
    for (const [i, value] of came.entries()) {
      const lost = missing.get(name) ?? 0;
      missing.delete(name);
      // Of a whole, only its end is known.
      const last = i === came.length - 1;
      entries.push({ topic: name, value: value as Value, lost, position: last ? position : undefined });
    }
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

/** How many entries of a log lie between what was told before and this push. */
function missedBefore(push: PushFrame, entries: number, { epoch, offset }: Since, before: Since | undefined): number {
  if (before === undefined) return 0;
  const { gap, r, n = 1 } = push;
  const start = gap ? offset : offset - (r === 1 ? entries : n);
  return Math.max(0, start - (before.epoch === epoch ? before.offset : 0));
}
