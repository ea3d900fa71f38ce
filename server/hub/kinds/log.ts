import { type Change, type Kind, type KindContext, kept } from './kind.ts';

/** Entries that each count: every one is delivered, in order, and what was dropped before that is told. */
export function createLog({ log }: KindContext): Kind {
  function entriesFrom(first: number): Change[] {
    const changes: Change[] = [];
    for (let offset = first; offset <= log.head; offset++) {
      const { at, json } = kept(log, offset);
      changes.push({ type: 'value', offset, at, n: 1, json, reset: false });
    }
    return changes;
  }

  return {
    empty: '[]',
    startsWith: 'head',
    keeps: true,
    admit: (_op, data, json) => ({ json: json ?? JSON.stringify(data), weight: 1 }),
    apply() {},
    snapshot() {
      if (log.head === 0) return undefined;
      const entries: string[] = [];
      for (let offset = log.first; offset <= log.head; offset++) entries.push(kept(log, offset).json);
      return `[${entries.join(',')}]`;
    },
    changes: (from) => entriesFrom(from + 1),
    changesPastLoss: (from) => [
      { type: 'gap', offset: log.first - 1, from: from + 1, to: log.first - 1 },
      ...entriesFrom(log.first),
    ],
  };
}
