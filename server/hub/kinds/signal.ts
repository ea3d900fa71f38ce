import type { Selection } from '../selection.ts';
import { entriesAfter, shownEntry } from './entries.ts';
import type { Kind, KindContext, Projection } from './kind.ts';
import { createParseMemo } from './parse-memo.ts';

/** Nothing is kept: who follows now hears it, nobody else does, and who is behind goes on at the head. */
export function createSignal({ log }: KindContext): Kind {
  const parse = createParseMemo();

  function project(selection: Selection | undefined): Projection {
    return {
      snapshot: () => undefined,
      changes: (from) => entriesAfter(log, from, selection, parse),
      // Signals that came faster than they could be written out are gone, which is what a signal promises.
      changesPastLoss: () => entriesAfter(log, Math.max(0, log.first - 1), selection, parse),
    };
  }

  return {
    ...project(undefined),
    empty: 'null',
    startsWith: 'head',
    keeps: false,
    admit: (_op, data, json) => ({ json: json ?? JSON.stringify(data), weight: 1 }),
    apply() {},
    base: () => undefined,
    project: ({ selection }) => project(selection),
    shownOf: ({ json }, selection) => shownEntry(json, selection, parse),
  };
}
