import type { Selection } from '../selection.ts';
import { entriesAfter, shownEntry } from './entries.ts';
import { type Kind, type KindContext, kept, type Projection } from './kind.ts';
import { createParseMemo } from './parse-memo.ts';

/** Entries that each count: every one is delivered, in order, and what was dropped before that is told. */
export function createLog({ log }: KindContext): Kind {
  const parse = createParseMemo();

  function project(selection: Selection | undefined): Projection {
    return {
      snapshot() {
        if (log.head === 0) return undefined;
        const entries: string[] = [];
        for (let offset = log.first; offset <= log.head; offset++) {
          const shown = shownEntry(kept(log, offset).json, selection, parse);
          if (shown !== undefined) entries.push(shown);
        }
        return `[${entries.join(',')}]`;
      },
      changes: (from) => entriesAfter(log, from, selection, parse),
      changesPastLoss: (from) => [
        { type: 'gap', offset: log.first - 1, from: from + 1, to: log.first - 1 },
        ...entriesAfter(log, log.first - 1, selection, parse),
      ],
    };
  }

  return {
    ...project(undefined),
    empty: '[]',
    startsWith: 'head',
    keeps: true,
    admit: (_op, data, json) => ({ json: json ?? JSON.stringify(data), weight: 1 }),
    apply() {},
    // Its kept publications are all there is of it: it never has a base.
    base: () => undefined,
    project: ({ selection }) => project(selection),
    shownOf: ({ json }, selection) => shownEntry(json, selection, parse),
  };
}
