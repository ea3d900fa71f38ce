import type { Wire, WireLink } from './wire.ts';

/** What is wrong with the links of a wire. Functions that count are made anew for each link. */
export interface Tampering {
  /** What arrives in place of a line. */
  readonly received?: () => (line: string) => readonly string[];
  /** What is sent in place of a text. */
  readonly sent?: () => (text: string) => string;
  /** The code that a link seems to have ended with. */
  readonly closed?: (code: number) => number;
  /** What a link does not do, though it is told. */
  readonly ignored?: readonly ('pause' | 'cut' | 'close')[];
}

const same = (line: string): readonly string[] => [line];

/** A wire between a scenario and a server that is right, so that the scenario sees one that is wrong. */
export function tamperedWire(wire: Wire, { received, sent, closed = (code) => code, ignored = [] }: Tampering): Wire {
  return {
    ...wire,
    createTransport() {
      const { transport, cut } = wire.createTransport();
      return {
        transport: {
          name: transport.name,
          open(url, events) {
            const arrives = received?.() ?? same;
            const link = transport.open(url, {
              ...events,
              received(text) {
                const lines = text.split('\n').flatMap(arrives);
                if (lines.length > 0) events.received(lines.join('\n'));
              },
            });
            const leaves = sent?.() ?? ((text: string) => text);
            return { send: (text) => link.send(leaves(text)), close: (code, reason) => link.close(code, reason) };
          },
        },
        cut: () => void (ignored.includes('cut') || cut()),
      };
    },
    open(url, events) {
      const arrives = received?.() ?? same;
      const link = wire.open(url, {
        opened: () => events.opened(),
        line(text) {
          for (const line of arrives(text)) events.line(line);
        },
        closed: (code) => events.closed(closed(code)),
      });
      const leaves = sent?.() ?? ((text: string) => text);
      const tampered: WireLink = { ...link, send: (text) => link.send(leaves(text)) };
      for (const name of ignored) tampered[name] = () => {};
      return tampered;
    },
  };
}
