/** What a page holds that would outlive its owner if nobody let go of it. */
export interface Ledger {
  counts(): LedgerCounts;
}

export interface LedgerCounts {
  readonly listeners: number;
  readonly timers: number;
  readonly frames: number;
  readonly observers: number;
  readonly sheets: number;
}

/** Counts from now on what the window's code opens and closes, by standing between it and the browser. */
export function installLedger(window: Window & typeof globalThis): Ledger {
  const listeners = countListeners(window);
  const timers = countCalls(window, ['setTimeout', 'setInterval'], ['clearTimeout', 'clearInterval'], 'setInterval');
  const frames = countCalls(window, ['requestAnimationFrame'], ['cancelAnimationFrame'], '');
  const observers = countObservers(window);
  return {
    counts: () => ({
      listeners: listeners(),
      timers: timers.size,
      frames: frames.size,
      observers: observers.size,
      sheets: window.document.adoptedStyleSheets.length,
    }),
  };
}

function countListeners(window: Window & typeof globalThis): () => number {
  const { prototype } = window.EventTarget;
  const { addEventListener, removeEventListener } = prototype;
  const held = new Map<EventTarget, Set<string>>();
  const ids = new WeakMap<object, number>();
  let next = 0;
  const keyOf = (type: string, listener: object, options: unknown): string => {
    if (!ids.has(listener)) ids.set(listener, next++);
    const capture = typeof options === 'object' && options !== null ? Reflect.get(options, 'capture') : options;
    return `${type} ${ids.get(listener)} ${capture === true}`;
  };
  prototype.addEventListener = function (this: EventTarget, type, listener, options) {
    if (listener !== null) {
      const keys = held.get(this) ?? new Set<string>();
      keys.add(keyOf(type, listener, options));
      held.set(this, keys);
    }
    addEventListener.call(this, type, listener, options);
  };
  prototype.removeEventListener = function (this: EventTarget, type, listener, options) {
    if (listener !== null) held.get(this)?.delete(keyOf(type, listener, options));
    removeEventListener.call(this, type, listener, options);
  };
  return () => {
    let count = 0;
    for (const [target, keys] of held) {
      // What is not in the page any more takes its listeners with it.
      if (!(target instanceof window.Node) || target.isConnected) count += keys.size;
    }
    return count;
  };
}

type Callback = (...given: unknown[]) => unknown;

/** Ids that are handed out and neither fired nor cleared. */
function countCalls(
  window: Window & typeof globalThis,
  opens: readonly string[],
  closes: readonly string[],
  repeats: string,
): ReadonlySet<number> {
  const open = new Set<number>();
  for (const name of opens) {
    const original = Reflect.get(window, name) as Callback;
    Reflect.set(window, name, (callback: Callback, ...rest: unknown[]) => {
      const fired: Callback = (...given) => {
        if (name !== repeats) open.delete(id);
        return callback(...given);
      };
      const id = original.call(window, fired, ...rest) as number;
      open.add(id);
      return id;
    });
  }
  for (const name of closes) {
    const original = Reflect.get(window, name) as Callback;
    Reflect.set(window, name, (id: number) => {
      open.delete(id);
      original.call(window, id);
    });
  }
  return open;
}

function countObservers(window: Window & typeof globalThis): ReadonlySet<object> {
  const live = new Set<object>();
  for (const name of ['ResizeObserver', 'IntersectionObserver', 'MutationObserver'] as const) {
    const { prototype } = window[name];
    const observe = prototype.observe as Callback;
    const disconnect = prototype.disconnect as Callback;
    Reflect.set(prototype, 'observe', function (this: object, ...given: unknown[]) {
      live.add(this);
      return observe.apply(this, given);
    });
    Reflect.set(prototype, 'disconnect', function (this: object) {
      live.delete(this);
      return disconnect.call(this);
    });
  }
  return live;
}
