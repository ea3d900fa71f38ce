import { type Clock, systemClock } from '@tidewall/base';
import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
import { byeIn, httpUrl, Uplines } from '../http/client-end.ts';

/** A session that cannot be reached is given up after so long; the server keeps it for longer. */
export const PATIENCE_MS = 2_500;
const PAUSE_MS = 250;

export interface PollTransportOptions {
  readonly clock?: Clock;
  /** The platform's own when absent. */
  readonly fetch?: typeof fetch;
}

/**
 * The client's end of the native wire by long polling, at `/poll` of the server: for networks that hold back every answer
 * until it is complete. A request that breaks is made again, and its session goes on.
 */
export function createPollTransport(options: PollTransportOptions = {}): Transport {
  const { clock = systemClock, fetch: ask = fetch } = options;
  return { name: 'poll', open: (url, events) => open(ask.bind(globalThis), clock, url, events) };
}

function open(ask: typeof fetch, clock: Clock, base: string, events: TransportEvents): TransportLink {
  const url = httpUrl(base, 'poll');
  const over = new AbortController();
  const { signal } = over;
  let brokenAt: number | undefined;
  const uplines = new Uplines({ ask, url, signal, again, failed: end });

  function end(code: number, reason: string): void {
    if (signal.aborted) return;
    over.abort();
    events.closed(code, reason);
  }

  /** Waits a little; true while it is not too long that requests break. */
  async function again(): Promise<boolean> {
    brokenAt ??= clock.monotonic();
    await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
    return clock.monotonic() - (brokenAt ?? clock.monotonic()) < PATIENCE_MS;
  }

  function receive(text: string): void {
    if (text !== '') events.received(text);
    const bye = byeIn(text);
    if (bye !== undefined) end(bye.code, bye.reason);
  }

  async function begin(): Promise<void> {
    const response = await ask(url, { method: 'POST', signal });
    const text = await response.text();
    if (!response.ok && byeIn(text) === undefined) return end(1006, `${url} answered ${response.status}`);
    if (response.ok) uplines.session = (JSON.parse(text) as { session: string }).session;
    events.opened();
    // A server that takes nobody in says so without a session.
    if (!response.ok) receive(text);
    else await follow();
  }

  async function follow(): Promise<void> {
    let cursor = '0';
    while (!signal.aborted) {
      const answer = await askFor(cursor);
      if (answer === undefined) return end(1006, 'the link broke');
      cursor = answer.cursor ?? cursor;
      if (!signal.aborted) receive(answer.text);
      if (answer.cursor === undefined) return end(1006, `${url} answered ${answer.status}`);
    }
  }

  /** What comes after a batch; undefined when that cannot be had. */
  async function askFor(cursor: string) {
    do {
      try {
        const response = await ask(`${url}?session=${uplines.session}&cursor=${cursor}`, { signal });
        const text = await response.text();
        brokenAt = undefined;
        return { text, status: response.status, cursor: response.headers.get('x-tidewall-cursor') ?? undefined };
      } catch {
        // The same batch is asked for again: it may not have come, and is kept until it is said that it has.
      }
    } while (!signal.aborted && (await again()));
    return undefined;
  }

  begin().catch(() => end(1006, `${base} cannot be reached`));

  return {
    send: (text) => uplines.send(text),
    close(code, reason) {
      if (signal.aborted) return;
      end(code, reason);
      // Nobody waits for it: the server finds out by itself, only later.
      if (uplines.session !== undefined) {
        ask(`${url}?session=${uplines.session}`, { method: 'DELETE', keepalive: true }).catch(() => {});
      }
    },
  };
}
