import type { Transport, TransportEvents, TransportLink } from '@tidewall/browser-contracts/transport';
import { createPollTransport } from '@tidewall/gateways/poll/client';
import { createEventStreamTransport } from '@tidewall/gateways/sse/client';
import type { Abuse, Wire } from './wire.ts';

type Create = (options: { readonly fetch: typeof fetch }) => Transport;

/** A text that no `TextEncoder` makes: half a character. */
const HALF = '\u0000half\u0000';
const utf8Abuse: Abuse = { says: 'a body that is not UTF-8', code: 4501, send: (link) => link.send(HALF) };

/** The native wire as server-sent events. */
export const sseWire = httpWire('sse', createEventStreamTransport);

/** The native wire by long polling. */
export const pollWire = httpWire('poll', createPollTransport);

function httpWire(name: string, create: Create): Wire {
  return {
    name,
    createTransport() {
      const links = new Set<() => void>();
      return {
        transport: {
          name,
          open(url, events) {
            const { link, cut } = openLink(create, url, {
              ...events,
              closed: (code, reason) => {
                links.delete(cut);
                events.closed(code, reason);
              },
            });
            links.add(cut);
            return link;
          },
        },
        cut: () => {
          for (const cut of [...links]) cut();
        },
      };
    },
    open(url, events) {
      const gate = new Gate();
      const { link, cut } = openLink(
        create,
        url,
        {
          opened: () => events.opened(),
          received: (text) => {
            for (const line of text.split('\n')) if (line !== '') events.line(line);
          },
          closed: (code) => events.closed(code),
        },
        gate,
      );
      return {
        send: (text) => link.send(text),
        pause: () => gate.shut(),
        resume: () => gate.open(),
        close: () => link.close(1000, 'done'),
        cut,
      };
    },
    abuses: [utf8Abuse],
  };
}

/** Holds back what is read, as one that is busy with other things does. */
class Gate {
  #opened: Promise<void> | undefined;
  #open = () => {};

  shut(): void {
    this.#opened ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
    this.#opened = undefined;
  }

  async pass(): Promise<void> {
    await this.#opened;
  }
}

/** A link of a transport that can be cut without a word: from then on its requests reach nobody. */
function openLink(create: Create, url: string, events: TransportEvents, gate = new Gate()) {
  const gone = new AbortController();
  const ask: typeof fetch = async (input, init) => {
    const { body, method = 'GET', signal } = init ?? {};
    if (gone.signal.aborted) throw new TypeError('the network is gone');
    if (method === 'GET') await gate.pass();
    const signals = [gone.signal, ...(signal ? [signal] : [])];
    const response = await fetch(input, {
      ...init,
      signal: AbortSignal.any(signals),
      ...(body === HALF && { body: new Uint8Array([0x22, 0xff, 0x22]) }),
    });
    return method === 'GET' && response.body !== null
      ? new Response(response.body.pipeThrough(gatedBy(gate), { signal: gone.signal }), response)
      : response;
  };
  const transport = create({ fetch: ask });
  const link: TransportLink = transport.open(url, events);
  return {
    link,
    cut: () => {
      gone.abort();
      link.close(1006, 'cut');
    },
  };
}

function gatedBy(gate: Gate): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream(
    {
      async transform(chunk, controller) {
        await gate.pass();
        controller.enqueue(chunk);
      },
    },
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
}
