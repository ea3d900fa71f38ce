import type { Message, TabChannel, TabLocks } from './messages.ts';

interface Waiting {
  readonly tab: OriginTab;
  /** It is had; calls `free` when it is let go. */
  grant(free: () => void): void;
}

/** One tab, as its platform sees it. */
export interface OriginTab {
  readonly locks: TabLocks;
  readonly openChannel: (name: string) => TabChannel;
  /** The tab is gone without a word: its locks are let go, and it says and hears nothing any more. */
  kill(): void;
}

/** The locks and channels that the tabs of one origin share, as browsers have them: what is said is heard later. */
export class Origin {
  readonly #queues = new Map<string, Waiting[]>();
  readonly #channels = new Set<{ readonly name: string; readonly tab: OriginTab; readonly channel: TabChannel }>();
  #held: (() => void)[] | undefined;

  openTab(): OriginTab {
    let alive = true;
    const tab: OriginTab = {
      locks: {
        request: (name, _options, held) =>
          new Promise((resolve, reject) => {
            if (!alive) return reject(new Error('the page is gone'));
            const grant = (free: () => void) => {
              const over = () => {
                free();
                resolve();
              };
              held().then(over, over);
            };
            this.#wait(name, { tab, grant });
          }),
      },
      openChannel: (name) => {
        const channel: TabChannel = {
          onmessage: null,
          postMessage: (message) => {
            if (alive && [...this.#channels].some((one) => one.channel === channel)) this.#say(name, channel, message);
          },
          close: () => {
            for (const one of this.#channels) if (one.channel === channel) this.#channels.delete(one);
          },
        };
        this.#channels.add({ name, tab, channel });
        return channel;
      },
      kill: () => {
        alive = false;
        for (const one of this.#channels) if (one.tab === tab) this.#channels.delete(one);
        for (const [name, queue] of this.#queues) {
          const holds = queue[0]?.tab === tab;
          const left = queue.filter((one) => one.tab !== tab);
          this.#queues.set(name, left);
          if (holds) this.#grant(name);
        }
      },
    };
    return tab;
  }

  /** From now on what is said waits on its way; `release` brings it. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
  }

  #say(name: string, from: TabChannel, message: Message): void {
    // As a channel clones it, when it is said.
    const data = structuredClone(message);
    const deliver = () => {
      for (const { name: heardBy, channel } of [...this.#channels]) {
        if (heardBy === name && channel !== from) channel.onmessage?.({ data: structuredClone(data) });
      }
    };
    if (this.#held) this.#held.push(deliver);
    else setImmediate(deliver);
  }

  #wait(name: string, waiting: Waiting): void {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, [...queue, waiting]);
    if (queue.length === 0) this.#grant(name);
  }

  #grant(name: string): void {
    const first = this.#queues.get(name)?.[0];
    if (first === undefined) return;
    setImmediate(() => {
      if (this.#queues.get(name)?.[0] !== first) return;
      first.grant(() => {
        const queue = this.#queues.get(name) ?? [];
        if (queue[0] !== first) return;
        this.#queues.set(name, queue.slice(1));
        this.#grant(name);
      });
    });
  }
}
