import { type Change, type Kind, type KindContext, kept } from './kind.ts';

/** Nothing is kept: who follows now hears it, nobody else does, and who is behind goes on at the head. */
export function createSignal({ log }: KindContext): Kind {
  return {
    empty: 'null',
    startsWith: 'head',
    keeps: false,
    admit: (_op, data, json) => ({ json: json ?? JSON.stringify(data), weight: 1 }),
    apply() {},
    snapshot: () => undefined,
    changes(from) {
      const changes: Change[] = [];
      for (let offset = from + 1; offset <= log.head; offset++) {
        const { at, json } = kept(log, offset);
        changes.push({ type: 'value', offset, at, n: 1, json, reset: false });
      }
      return changes;
    },
    // Signals that came faster than they could be written out are gone, which is what a signal promises.
    changesPastLoss() {
      return this.changes(Math.max(0, log.first - 1));
    },
  };
}
