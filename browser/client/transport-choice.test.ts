import type { Transport } from '@tidewall/browser-contracts/transport';
import { describe, expect, test } from 'vitest';
import { lazyTransport } from './lazy-transport.ts';
import { REMEMBER_MS, TransportChoice } from './transport-choice.ts';

const named = (name: string): Transport => ({ name, open: () => ({ send: () => {}, close: () => {} }) });
const ladder = () => new TransportChoice(['ws', 'sse', 'poll'].map(named));

describe('the ladder', () => {
  test('[C10] goes down with each that fails, and from the last to the first', () => {
    const choice = ladder();
    const tried = Array.from({ length: 5 }, () => {
      const { name } = choice.next(0);
      choice.failed();
      return name;
    });
    expect(tried).toEqual(['ws', 'sse', 'poll', 'ws', 'sse']);
  });

  test('[C10] one that works is begun with for an hour, then the best one is tried again', () => {
    const choice = ladder();
    choice.next(0);
    choice.failed();
    expect(choice.next(1).name).toBe('sse');
    choice.worked(1);
    for (const now of [2, 1000, REMEMBER_MS]) {
      expect(choice.next(now).name).toBe('sse');
      choice.worked(now);
    }
    expect(choice.next(REMEMBER_MS + 2).name).toBe('ws');
  });

  test('[C10] a better one that worked in that hour is begun with, whatever worked meanwhile', () => {
    const choice = ladder();
    choice.next(0);
    choice.worked(0);
    expect(choice.next(10).name).toBe('ws');
    choice.failed();
    expect(choice.next(11).name).toBe('sse');
    choice.worked(11);
    expect(choice.next(20).name).toBe('ws');
    choice.failed();
    expect(choice.next(21).name).toBe('sse');
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
    expect(ends).toEqual([[1006, 'the code of the transport sse cannot be loaded']]);
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
