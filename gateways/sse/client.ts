import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
import { byeIn, httpUrl, Uplines } from '../http/client-end.ts';

export interface EventStreamTransportOptions {
  /** The platform's own when absent. */
  readonly fetch?: typeof fetch;
}

/**
 * The client's end of the native wire as server-sent events, at `/sse` of the server: for networks that let nothing pass
 * but requests and answers.
 */
export function createEventStreamTransport(options: EventStreamTransportOptions = {}): Transport {
  const { fetch: ask = fetch } = options;
  return { name: 'sse', open: (url, events) => open(ask.bind(globalThis), url, events) };
}

function open(ask: typeof fetch, base: string, events: TransportEvents): TransportLink {
  const url = httpUrl(base, 'sse');
  const over = new AbortController();
  const { signal } = over;
  let opened = false;
  let type = '';
  let data: string[] = [];
  const uplines = new Uplines({ ask, url, signal, again: () => false, failed: end });

  function end(code: number, reason: string): void {
    if (signal.aborted) return;
    over.abort();
    events.closed(code, reason);
  }

  function begin(): void {
    if (opened) return;
    opened = true;
    events.opened();
  }

  function take(line: string): void {
    if (line.startsWith('event: ')) type = line.slice(7);
    else if (line.startsWith('data: ')) data.push(line.slice(6));
    else if (line === '' && data.length > 0) {
      const text = data.join('\n');
      data = [];
      if (type === 'session') uplines.session = (JSON.parse(text) as { session: string }).session;
      // A server that takes nobody in says so without a session.
      begin();
      if (type === '') events.received(text);
      type = '';
      const bye = byeIn(text);
      if (bye !== undefined) end(bye.code, bye.reason);
    }
  }

  async function follow(): Promise<void> {
    const response = await ask(url, { signal, headers: { accept: 'text/event-stream' } });
    if (!response.ok || response.body === null) return end(1006, `${url} answered ${response.status}`);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return end(1006, 'the link broke');
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (!signal.aborted) take(line);
    }
  }

  follow().catch(() => end(1006, opened ? 'the link broke' : `${base} cannot be reached`));

  return {
    send: (text) => uplines.send(text),
    close: end,
  };
}
