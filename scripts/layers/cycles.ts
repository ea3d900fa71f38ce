import type { Fault } from './fault.ts';
import { type House, isDevelopment, targetOf } from './house.ts';
import { describe } from './import-faults.ts';
import type { Import } from './imports-of.ts';

interface Edge {
  readonly to: string;
  readonly by: Import;
}

type Graph = ReadonlyMap<string, readonly Edge[]>;

/**
 * No file imports itself by way of others, types included: such files are one thing in several pieces. One fault for
 * each ring, at the first import of a shortest way round.
 */
export function cycleFaults(house: House): Fault[] {
  const graph = graphOf(house);
  const told = new Set<string>();
  const faults: Fault[] = [];
  for (const start of graph.keys()) {
    if (told.has(start)) continue;
    const ring = shortestRing(graph, start);
    const [first] = ring;
    if (first === undefined) continue;
    for (const { to } of ring) told.add(to);
    faults.push({
      path: start,
      line: first.by.line,
      what: describe(first.by),
      why: `is a cycle: ${[start, ...ring.map(({ to }) => to)].join(' → ')}`,
      cure: 'Move what both need into a file that imports neither',
    });
  }
  return faults;
}

function graphOf(house: House): Graph {
  const product = house.files.filter(({ path }) => !isDevelopment(path));
  const paths = new Set(product.map(({ path }) => path));
  const edges = ({ path, imports }: (typeof product)[number]): Edge[] =>
    imports.flatMap((by) => {
      const to = by.specifier === undefined ? undefined : targetOf(house, path, by.specifier);
      return to !== undefined && paths.has(to) ? [{ to, by }] : [];
    });
  return new Map(product.map((file) => [file.path, edges(file)]));
}

/** The edges of a shortest way from a file back to itself; none when there is no way. */
function shortestRing(graph: Graph, start: string): Edge[] {
  const cameBy = new Map<string, { readonly from: string; readonly edge: Edge }>();
  const seen = new Set([start]);
  for (const from of seen) {
    for (const edge of graph.get(from) ?? []) {
      if (edge.to === start) {
        const ring = [edge];
        for (let step = cameBy.get(from); step !== undefined; step = cameBy.get(step.from)) ring.unshift(step.edge);
        return ring;
      }
      if (seen.has(edge.to)) continue;
      seen.add(edge.to);
      cameBy.set(edge.to, { from, edge });
    }
  }
  return [];
}
