import type { Transport } from '@tidewall/browser-contracts/transport';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { lazyTransport } from './lazy-transport.ts';
import { type Memory, REMEMBER_MS, TransportChoice } from './transport-choice.ts';

const named = (name: string): Transport => ({ name, open: () => ({ send: () => {}, close: () => {} }) });

let now: number;

/** What outlives a page, as `localStorage` does. */
class KeptWords implements Memory {
  readonly words = new Map<string, string>();
  writes = 0;

  getItem(key: string): string | null {
    return this.words.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.writes += 1;
    this.words.set(key, value);
  }
}

beforeEach(() => {
  now = 1_700_000_000_000;
});

function ladder(memory?: Memory, names = ['ws', 'sse', 'poll'], url = 'http://hall:7070/'): TransportChoice {
  return new TransportChoice({ transports: names.map(named), url, clock: { now: () => now }, memory });
}

/** The first that is tried, and works unless it is one of those that do not. */
function connects(choice: TransportChoice, ...blocked: string[]): string {
  for (;;) {
    const { name } = choice.next();
    if (!blocked.includes(name)) {
      choice.worked();
      return name;
    }
    choice.failed();
  }
}

describe('the ladder', () => {
  test('[C10] goes down with each that fails, and from the last to the first', () => {
    const choice = ladder();
    const tried = Array.from({ length: 5 }, () => {
      const { name } = choice.next();
      choice.failed();
      return name;
    });
    expect(tried).toEqual(['ws', 'sse', 'poll', 'ws', 'sse']);
  });

  test('[C10] one that works is begun with for an hour, then the best one is tried again', () => {
    const choice = ladder();
    expect(connects(choice, 'ws')).toBe('sse');
    for (const passes of [1, 1000, REMEMBER_MS - 1001]) {
      now += passes;
      expect(choice.next().name).toBe('sse');
      choice.worked();
    }
    now += 1;
    expect(choice.next().name).toBe('ws');
  });

  test('[C10] a better one that worked in that hour is begun with, whatever worked meanwhile', () => {
    const choice = ladder();
    expect(connects(choice)).toBe('ws');
    expect(connects(choice, 'ws')).toBe('sse');
    expect(connects(choice, 'ws')).toBe('sse');
    expect(choice.next().name).toBe('ws');
  });
});

describe('what the ladder remembers', () => {
  test('[C10] outlives the page, for what is left of the hour', () => {
    const memory = new KeptWords();
    connects(ladder(memory), 'ws', 'sse');
    now += REMEMBER_MS / 2;
    expect(connects(ladder(memory))).toBe('poll');
    now += REMEMBER_MS / 2;
    expect(ladder(memory).next().name).toBe('poll');
    now += 1;
    expect(ladder(memory).next().name).toBe('ws');
  });

  test('[C10] is written once an hour for each transport, however often the link comes back', () => {
    const memory = new KeptWords();
    for (let page = 0; page < 5; page++) {
      const choice = ladder(memory);
      for (let link = 0; link < 5; link++) connects(choice, 'ws');
    }
    expect(memory.writes).toBe(1);
  });

  test('[C10] is of the way to one server, and of the transports by their names', () => {
    const memory = new KeptWords();
    connects(ladder(memory), 'ws', 'sse');
    expect(ladder(memory, ['ws', 'sse', 'poll'], 'http://office:7070/').next().name).toBe('ws');
    expect(ladder(memory, ['ws', 'poll']).next().name).toBe('poll');
    expect(ladder(memory, ['ws', 'sse']).next().name).toBe('ws');
  });

  test('[C10] is the platform’s localStorage where nobody gives another, and nothing where there is no choice', () => {
    const memory = new KeptWords();
    vi.stubGlobal('localStorage', memory);
    try {
      connects(ladder(undefined, ['ws']));
      expect(memory.writes).toBe(0);
      connects(ladder(), 'ws');
      expect(connects(ladder())).toBe('sse');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('[C10] is nothing where the page may keep nothing', () => {
    const throwing: Memory = {
      getItem() {
        throw new Error('SecurityError');
      },
      setItem() {
        throw new Error('QuotaExceededError');
      },
    };
    const choice = ladder(throwing);
    expect(connects(choice, 'ws')).toBe('sse');
    // This page remembers all the same.
    expect(choice.next().name).toBe('sse');
    vi.stubGlobal('localStorage', undefined);
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get() {
        throw new Error('SecurityError');
      },
    });
    try {
      expect(connects(ladder(), 'ws')).toBe('sse');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test.each([
    '',
    'no json',
    'null',
    '7',
    '"sse"',
    '[1]',
    '{"sse":"soon"}',
    '{"sse":null}',
    '{"sse":1e300}',
    '{"other":1}',
  ])('[C10] that is not ours is passed over: %s', (words) => {
    const memory = new KeptWords();
    memory.words.set('tidewall http://hall:7070/', words);
    expect(connects(ladder(memory), 'ws')).toBe('sse');
    expect(ladder(memory).next().name).toBe('sse');
  });

  test('[C10] a time of day that was set back does not make it remember for longer', () => {
    const memory = new KeptWords();
    connects(ladder(memory), 'ws');
    now -= 1;
    expect(ladder(memory).next().name).toBe('ws');
  });
});

describe('a transport that is loaded when it is needed', () => {
  function listened(transport: Transport) {
    const ends: [number, string][] = [];
    const link = transport.open('http://hall', {
      opened: () => {},
      received: () => {},
      closed: (code, reason) => ends.push([code, reason]),
    });
    return { ends, link };
  }

  test('[C10] is loaded at the first link and is then what was loaded', async () => {
    const sent: string[] = [];
    const closes: number[] = [];
    let loads = 0;
    const real: Transport = {
      name: 'real',
      open: () => ({ send: (text) => sent.push(text), close: (code) => closes.push(code) }),
    };
    const lazy = lazyTransport('real', async () => {
      loads++;
      return real;
    });
    expect(loads).toBe(0);
    const { link } = listened(lazy);
    await Promise.resolve();
    link.send('a');
    link.close(1000, 'done');
    expect([loads, sent, closes]).toEqual([1, ['a'], [1000]]);
  });

  test('[C10] that cannot be loaded is a link that cannot be opened', async () => {
    const { ends, link } = listened(lazyTransport('sse', () => Promise.reject(new Error('404'))));
    await Promise.resolve();
    await Promise.resolve();
    link.close(1000, 'late');
    expect(ends).toEqual([[1006, 'the transport sse cannot be used: 404']]);
  });

  test('[C10] that throws when it is opened is a link that cannot be opened', async () => {
    const broken: Transport = {
      name: 'broken',
      open() {
        throw new Error('SecurityError');
      },
    };
    const { ends } = listened(lazyTransport('sse', async () => broken));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(ends).toEqual([[1006, 'the transport sse cannot be used: SecurityError']]);
  });

  test('[C10] that is closed before it is loaded opens nothing', async () => {
    let opened = 0;
    const real: Transport = { name: 'real', open: () => ({ send: () => {}, close: () => void opened++ }) };
    const { ends, link } = listened(lazyTransport('sse', async () => real));
    link.close(1000, 'never mind');
    await Promise.resolve();
    expect([ends, opened]).toEqual([[[1000, 'never mind']], 0]);
  });
});
